using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Tests;

/// <summary>Ports for servers that stop and start again at their place.</summary>
internal static class LoopbackPort
{
    // Below those that the system gives to clients. A client that calls a stopped server again and again would otherwise be given the server's own port some time,
    // connect to itself, and keep the server from coming back.
    private const int First = 15_000;
    private const int AfterLast = 32_000;

    private static readonly ConcurrentDictionary<int, bool> Given = new();

    /// <summary>A port that is free now, that nobody is given by chance, and that no other server of these tests has.</summary>
    public static int Free()
    {
        while (true)
        {
            using var listener = new TcpListener(IPAddress.Loopback, Random.Shared.Next(First, AfterLast));
            try
            {
                listener.Start();
                var port = ((IPEndPoint)listener.LocalEndpoint).Port;
                if (Given.TryAdd(port, true))
                {
                    return port;
                }
            }
            catch (SocketException exception) when (exception.SocketErrorCode == SocketError.AddressAlreadyInUse)
            {
                // The next one, then.
                continue;
            }
        }
    }
}
