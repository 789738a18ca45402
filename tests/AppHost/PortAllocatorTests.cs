using System.Net;
using System.Net.Sockets;

namespace AppHost.Tests;

public sealed class PortAllocatorTests
{
    [Fact]
    public void Two_hosts_at_once_never_get_the_same_port()
    {
        using var one = new PortAllocator();
        using var other = new PortAllocator();

        var ports = Enumerable.Range(0, 200).Select(i => (i % 2 == 0 ? one : other).Next()).ToArray();

        ports.Distinct().Count().ShouldBe(ports.Length);
        ports.ShouldAllBe(port => port >= 20000 && port < 32000);
    }

    [Fact]
    public void A_port_is_held_until_it_is_released()
    {
        using var ports = new PortAllocator();
        var port = ports.Next();
        Should.Throw<SocketException>(() => Listen(port));

        ports.Release(port);

        Should.NotThrow(() => Listen(port));
    }

    /// <summary>Its owner takes a while to listen, and listens again after it was killed.</summary>
    [Fact]
    public void A_port_that_was_released_is_given_to_nobody_else()
    {
        var two = TwoPorts();
        using var one = new PortAllocator(two.First, two.Last);
        using var other = new PortAllocator(two.First, two.Last);
        var port = one.Next();
        one.Release(port);

        new[] { port, other.Next() }.Order().ShouldBe([two.First, two.Last]);
        Should.Throw<InvalidOperationException>(() => one.Next()).Message.ShouldBe($"No free port between {two.First} and {two.Last} on the loopback address.");
        Should.Throw<InvalidOperationException>(() => other.Next());
        one.Dispose();
        other.Next().ShouldBe(port);
    }

    [Fact]
    public void Releasing_a_port_twice_does_no_harm()
    {
        using var ports = new PortAllocator();
        var port = ports.Next();
        ports.Release(port);
        Should.NotThrow(() => ports.Release(port));
    }

    /// <summary>Two ports next to each other that are free.</summary>
    private static (int First, int Last) TwoPorts()
    {
        using var ports = new PortAllocator(12_000, 14_999);
        while (true)
        {
            var port = ports.Next();
            using var pair = new PortAllocator(port + 1, port + 1);
            try
            {
                pair.Next();
                return (port, port + 1);
            }
            catch (InvalidOperationException)
            {
                // The next one is taken.
                continue;
            }
        }
    }

    private static void Listen(int port)
    {
        using var listener = new TcpListener(IPAddress.Loopback, port);
        listener.Start();
    }
}
