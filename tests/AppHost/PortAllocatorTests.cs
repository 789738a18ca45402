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

    [Fact]
    public void Releasing_a_port_twice_does_no_harm()
    {
        using var ports = new PortAllocator();
        var port = ports.Next();
        ports.Release(port);
        Should.NotThrow(() => ports.Release(port));
    }

    private static void Listen(int port)
    {
        using var listener = new TcpListener(IPAddress.Loopback, port);
        listener.Start();
    }
}
