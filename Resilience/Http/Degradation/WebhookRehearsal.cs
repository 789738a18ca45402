using System.Net;
using System.Net.Sockets;

namespace ResilientShop.Resilience.Http;

/// <summary>
/// Takes the way of a webhook's message once, to a listener of this process: the first message pays for hundreds of milliseconds of compiling, and it comes when people are to be
/// told at once. Whoever is told otherwise notices nothing of it.
/// </summary>
internal static class WebhookRehearsal
{
    private static readonly byte[] Answer = "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"u8.ToArray();

    /// <param name="send">Sends a message of one JSON object without others in it to an address.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task RunAsync(Func<Uri, CancellationToken, Task> send, CancellationToken cancellationToken)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var answering = AnswerAsync(listener, ending.Token);
        try
        {
            await send(new Uri($"http://{listener.LocalEndpoint}/"), cancellationToken);
        }
        finally
        {
            await ending.CancelAsync();
            await answering.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static async Task AnswerAsync(TcpListener listener, CancellationToken cancellationToken)
    {
        using var socket = await listener.AcceptSocketAsync(cancellationToken);
        var buffer = new byte[4096];
        for (var read = -1; read != 0;)
        {
            read = await socket.ReceiveAsync(buffer, cancellationToken);
            if (buffer.AsSpan(0, read).Contains((byte)'}'))
            {
                await socket.SendAsync(Answer, cancellationToken);
            }
        }
    }
}
