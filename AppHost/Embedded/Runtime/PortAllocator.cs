using System.Net;
using System.Net.Sockets;

namespace AppHost.Embedded.Runtime;

/// <summary>
/// Hands out free loopback ports below the range that the kernel takes for outgoing connections, so that a port stays free
/// while its owner restarts. Each is held open until <see cref="Release"/>, and remains its owner's afterwards, listened on or not: by the UDP port
/// of its number, which nobody here uses, other AppHosts see that it is taken. Thread-safe.
/// </summary>
/// <param name="first">The first port of the range.</param>
/// <param name="last">The last one.</param>
internal sealed class PortAllocator(int first = 20000, int last = 31999) : IDisposable
{
    private const int Tries = 2000;

    private readonly Dictionary<int, Socket> _claims = [];
    private readonly Dictionary<int, Socket> _held = [];

    /// <summary>A free port, held until it is released, and never handed out again.</summary>
    /// <exception cref="InvalidOperationException">No port is free.</exception>
    public int Next()
    {
        for (var attempt = 0; attempt < Tries; attempt++)
        {
            var port = Random.Shared.Next(first, last + 1);
            lock (_held)
            {
                if (!_claims.ContainsKey(port) && TryTake(port))
                {
                    return port;
                }
            }
        }

        throw new InvalidOperationException($"No free port between {first} and {last} on the loopback address.");
    }

    /// <summary>Lets the owner of the port listen on it.</summary>
    public void Release(int port)
    {
        lock (_held)
        {
            if (_held.Remove(port, out var socket))
            {
                socket.Dispose();
            }
        }
    }

    /// <summary>Gives all ports back.</summary>
    public void Dispose()
    {
        lock (_held)
        {
            foreach (var socket in _held.Values.Concat(_claims.Values))
            {
                socket.Dispose();
            }

            _held.Clear();
            _claims.Clear();
        }
    }

    private bool TryTake(int port)
    {
        if (TryBind(port, ProtocolType.Udp) is not { } claim)
        {
            return false;
        }

        if (TryBind(port, ProtocolType.Tcp) is not { } held)
        {
            claim.Dispose();
            return false;
        }

        (_claims[port], _held[port]) = (claim, held);
        return true;
    }

    private static Socket? TryBind(int port, ProtocolType protocol)
    {
        var socket = new Socket(AddressFamily.InterNetwork, protocol == ProtocolType.Tcp ? SocketType.Stream : SocketType.Dgram, protocol);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            if (protocol == ProtocolType.Tcp)
            {
                // .NET binds TCP with SO_REUSEADDR, so only a socket that also listens keeps others away.
                socket.Listen(1);
            }

            return socket;
        }
        catch (SocketException)
        {
            socket.Dispose();
            return null;
        }
    }
}
