using System.Net;
using System.Net.Sockets;

namespace AppHost.Embedded.Runtime;

/// <summary>
/// Hands out free loopback ports below the range that the kernel takes for outgoing connections, so that a port stays free
/// while its owner restarts. Each is held open until <see cref="Release"/>, so two AppHosts never pick the same one.
/// Thread-safe.
/// </summary>
internal sealed class PortAllocator : IDisposable
{
    private const int First = 20000;
    private const int Last = 31999;
    private const int Tries = 2000;

    private readonly Dictionary<int, Socket> _held = [];

    /// <summary>A free port, held until it is released.</summary>
    /// <exception cref="InvalidOperationException">No port is free.</exception>
    public int Next()
    {
        for (var attempt = 0; attempt < Tries; attempt++)
        {
            var port = Random.Shared.Next(First, Last + 1);
            lock (_held)
            {
                if (!_held.ContainsKey(port) && TryHold(port) is { } socket)
                {
                    _held[port] = socket;
                    return port;
                }
            }
        }

        throw new InvalidOperationException($"No free port between {First} and {Last} on the loopback address.");
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

    public void Dispose()
    {
        lock (_held)
        {
            foreach (var socket in _held.Values)
            {
                socket.Dispose();
            }

            _held.Clear();
        }
    }

    private static Socket? TryHold(int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            // .NET binds with SO_REUSEADDR, so only a socket that also listens keeps others away.
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            socket.Listen(1);
            return socket;
        }
        catch (SocketException)
        {
            socket.Dispose();
            return null;
        }
    }
}
