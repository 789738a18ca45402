using System.Net;
using System.Text;

namespace Resilience.Tests.Classification;

/// <summary>The handler below the tiers sends a request once; by itself it would send one without a body up to four times.</summary>
public sealed class HiddenRetryTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("GET")]
    [InlineData("POST")]
    [InlineData("DELETE")]
    public async Task A_server_that_closes_without_an_answer_is_asked_once(string method)
    {
        await using var server = new LoopbackServer(LoopbackServer.ReadHeadersAsync);
        using var client = Client();
        using var request = new HttpRequestMessage(new HttpMethod(method), $"http://127.0.0.1:{server.Port}/");
        var failure = await Should.ThrowAsync<HttpRequestException>(() => client.SendAsync(request, Cancelled));
        ConnectionFailure.Judge(failure).Reason.ShouldBe("connection_reset");
        server.Connections.ShouldBe(1);
    }

    [Fact]
    public async Task A_server_that_closes_a_used_connection_without_an_answer_is_asked_once_more_and_not_four_times()
    {
        var requests = 0;
        await using var server = new LoopbackServer(async (socket, cancellationToken) =>
        {
            await LoopbackServer.ReadHeadersAsync(socket, cancellationToken);
            if (Interlocked.Increment(ref requests) == 1)
            {
                await socket.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"u8.ToArray(), cancellationToken);
                await LoopbackServer.ReadHeadersAsync(socket, cancellationToken);
                Interlocked.Increment(ref requests);
            }
        });
        using var client = Client();
        var address = new Uri($"http://127.0.0.1:{server.Port}/");
        using var first = await client.PostAsync(address, content: null, Cancelled);
        first.StatusCode.ShouldBe(HttpStatusCode.OK);
        await Should.ThrowAsync<HttpRequestException>(() => client.PostAsync(address, content: null, Cancelled));
        Volatile.Read(ref requests).ShouldBe(2);
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\n\r\nuntil the end")]
    [InlineData("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 13\r\n\r\nuntil the end")]
    public async Task An_answer_that_ends_with_its_connection_is_read_to_its_end(string answer)
    {
        await using var server = new LoopbackServer(async (socket, cancellationToken) =>
        {
            await LoopbackServer.ReadHeadersAsync(socket, cancellationToken);
            await socket.SendAsync(Encoding.ASCII.GetBytes(answer), cancellationToken);
        });
        using var client = Client();
        (await client.GetStringAsync(new Uri($"http://127.0.0.1:{server.Port}/"), Cancelled)).ShouldBe("until the end");
    }

    [Fact]
    public async Task Another_protocol_may_end_as_it_likes()
    {
        await using var server = new LoopbackServer(async (socket, cancellationToken) =>
        {
            await LoopbackServer.ReadHeadersAsync(socket, cancellationToken);
            await socket.SendAsync("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: own\r\n\r\n"u8.ToArray(), cancellationToken);
            await socket.ReceiveAsync(new byte[100], cancellationToken);
        });
        using var client = Client();
        using var request = new HttpRequestMessage(HttpMethod.Get, $"http://127.0.0.1:{server.Port}/");
        request.Headers.TryAddWithoutValidation("Connection", "upgrade");
        request.Headers.TryAddWithoutValidation("Upgrade", "own");
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancelled);
        response.StatusCode.ShouldBe(HttpStatusCode.SwitchingProtocols);
        await using var stream = await response.Content.ReadAsStreamAsync(Cancelled);
        await stream.WriteAsync("bye"u8.ToArray(), Cancelled);
        (await stream.ReadAsync(new byte[10], Cancelled)).ShouldBe(0);
    }

    private static HttpClient Client()
    {
        var sockets = new SocketsHttpHandler { UseProxy = false };
        sockets.KeepConnections(new ConnectionPolicy());
        return new HttpClient(sockets);
    }
}
