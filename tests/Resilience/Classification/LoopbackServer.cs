using System.Net;
using System.Net.Sockets;

namespace Resilience.Tests.Classification;

/// <summary>A server on this machine that treats every connection as badly as the test says.</summary>
internal sealed class LoopbackServer : IAsyncDisposable
{
    private readonly CancellationTokenSource _closing = new();
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Task _serving;
    private int _connections;

    public LoopbackServer(Func<Socket, CancellationToken, Task> treat)
    {
        _listener.Start();
        _serving = ServeAsync(treat);
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Connections so far: more than one means that the client tried again by itself.</summary>
    public int Connections => Volatile.Read(ref _connections);

    /// <summary>A port at which nobody listens.</summary>
    public static int ClosedPort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>Reads a request up to the end of its headers.</summary>
    public static async Task ReadHeadersAsync(Socket socket, CancellationToken cancellationToken)
    {
        var buffer = new byte[64 * 1024];
        var length = 0;
        while (!buffer.AsSpan(0, length).EndsWith("\r\n\r\n"u8))
        {
            var read = await socket.ReceiveAsync(buffer.AsMemory(length), cancellationToken);
            if (read == 0)
            {
                return;
            }

            length += read;
        }
    }

    /// <summary>Closes a connection with a reset instead of an end.</summary>
    public static void Reset(Socket socket)
    {
        socket.LingerState = new LingerOption(true, 0);
        socket.Close();
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        await _serving;
        _listener.Dispose();
        _closing.Dispose();
    }

    private async Task ServeAsync(Func<Socket, CancellationToken, Task> treat)
    {
        try
        {
            while (true)
            {
                using var socket = await _listener.AcceptSocketAsync(_closing.Token);
                Interlocked.Increment(ref _connections);
                await treat(socket, _closing.Token);
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException)
        {
            // The test is over, or the client was as rude as the server.
        }
    }
}
