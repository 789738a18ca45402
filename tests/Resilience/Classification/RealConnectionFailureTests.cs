using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Resilience.Tests.Classification;

/// <summary>The judgement of exceptions that a real client throws over real sockets.</summary>
public sealed class RealConnectionFailureTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Nobody_listens()
    {
        var verdict = await JudgeAsync($"http://127.0.0.1:{LoopbackServer.ClosedPort()}/");
        ShouldBe(verdict, "connection_refused", neverSent: true);
    }

    [Fact]
    public async Task A_name_that_does_not_exist()
    {
        var verdict = await JudgeAsync("http://nobody.invalid/");
        ShouldBe(verdict, "dns", neverSent: true);
    }

    [Fact]
    public async Task A_connection_that_is_reset_at_once()
    {
        // Whether the reset comes while the client still connects or while it sends is a matter of microseconds.
        await using var server = new LoopbackServer((socket, _) =>
        {
            LoopbackServer.Reset(socket);
            return Task.CompletedTask;
        });
        var verdict = await JudgeAsync(server);
        ShouldBe(verdict, verdict.NeverSent ? "connection_refused" : "connection_reset", verdict.NeverSent);
        server.Connections.ShouldBe(1);
    }

    [Fact]
    public async Task A_connection_that_is_reset_when_the_request_was_read()
    {
        await using var server = new LoopbackServer(async (socket, cancellationToken) =>
        {
            await LoopbackServer.ReadHeadersAsync(socket, cancellationToken);
            LoopbackServer.Reset(socket);
        });
        ShouldBe(await JudgeAsync(server), "connection_reset", neverSent: false);
        server.Connections.ShouldBe(1);
    }

    [Theory]
    [InlineData("")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\nhalf")]
    public async Task A_connection_that_is_closed_before_the_answer_was_whole(string answer)
    {
        await using var server = Answering(answer);
        ShouldBe(await JudgeAsync(server), "connection_reset", neverSent: false);
        server.Connections.ShouldBe(1);
    }

    [Fact]
    public async Task An_answer_that_is_not_http_is_final()
    {
        await using var server = Answering("SSH-2.0-OpenSSH_9.9\r\n\r\n");
        var verdict = await JudgeAsync(server);
        verdict.Outcome.ShouldBe(AttemptOutcome.Permanent);
        verdict.NeverSent.ShouldBeFalse();
    }

    [Fact]
    public async Task A_server_that_does_not_speak_tls_is_final()
    {
        await using var server = new LoopbackServer(async (socket, cancellationToken) =>
        {
            await socket.ReceiveAsync(new byte[1024], cancellationToken);
            await socket.SendAsync("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"u8.ToArray(), cancellationToken);
        });
        var verdict = await JudgeAsync($"https://127.0.0.1:{server.Port}/");
        (verdict.Outcome, verdict.Reason).ShouldBe((AttemptOutcome.Permanent, "tls"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_connection_that_breaks_during_the_tls_handshake_has_sent_nothing(bool isReset)
    {
        await using var server = new LoopbackServer(async (socket, cancellationToken) =>
        {
            await socket.ReceiveAsync(new byte[1024], cancellationToken);
            if (isReset)
            {
                LoopbackServer.Reset(socket);
            }
        });
        ShouldBe(await JudgeAsync($"https://127.0.0.1:{server.Port}/"), "tls", neverSent: true);
    }

    [Fact]
    public async Task A_certificate_that_is_not_trusted_is_final()
    {
        using var key = RSA.Create(2048);
        var now = DateTimeOffset.UtcNow;
        using var certificate = new CertificateRequest("CN=stranger", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            .CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        await using var server = new LoopbackServer(async (socket, cancellationToken) =>
        {
            await using var tls = new SslStream(new NetworkStream(socket));
            try
            {
                await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = certificate }, cancellationToken);
                _ = await tls.ReadAsync(new byte[1024], cancellationToken);
            }
            catch (Exception exception) when (exception is IOException or System.Security.Authentication.AuthenticationException)
            {
                // As it should be: the client does not go on.
            }
        });
        var verdict = await JudgeAsync($"https://127.0.0.1:{server.Port}/");
        (verdict.Outcome, verdict.Reason).ShouldBe((AttemptOutcome.Permanent, "tls"));
    }

    [Theory]
    [InlineData(7, "stream_refused", true)]
    [InlineData(2, "connection_reset", false)]
    public async Task A_stream_that_http_2_resets_was_processed_unless_it_was_refused(byte code, string reason, bool neverSent)
    {
        await using var server = new LoopbackServer((socket, cancellationToken) => ResetStreamsAsync(socket, code, cancellationToken));
        ShouldBe(await JudgeAsync($"http://127.0.0.1:{server.Port}/", HttpVersion.Version20), reason, neverSent);
    }

    private static LoopbackServer Answering(string answer) => new(async (socket, cancellationToken) =>
    {
        await LoopbackServer.ReadHeadersAsync(socket, cancellationToken);
        await socket.SendAsync(System.Text.Encoding.ASCII.GetBytes(answer), cancellationToken);
    });

    /// <summary>Speaks just enough HTTP/2 to answer every request with RST_STREAM (RFC 9113, 6.4).</summary>
    private static async Task ResetStreamsAsync(Socket socket, byte code, CancellationToken cancellationToken)
    {
        const byte Headers = 1, Settings = 4, Ack = 1;
        await using var stream = new NetworkStream(socket);
        await stream.ReadExactlyAsync(new byte[24], cancellationToken);
        await stream.WriteAsync(new byte[] { 0, 0, 0, Settings, 0, 0, 0, 0, 0 }, cancellationToken);
        var header = new byte[9];
        while (await stream.ReadAtLeastAsync(header, header.Length, throwOnEndOfStream: false, cancellationToken) == header.Length)
        {
            await stream.ReadExactlyAsync(new byte[(header[0] << 16) | (header[1] << 8) | header[2]], cancellationToken);
            if (header[3] == Settings && header[4] != Ack)
            {
                await stream.WriteAsync(new byte[] { 0, 0, 0, Settings, Ack, 0, 0, 0, 0 }, cancellationToken);
            }
            else if (header[3] == Headers)
            {
                await stream.WriteAsync(new byte[] { 0, 0, 4, 3, 0, header[5], header[6], header[7], header[8], 0, 0, 0, code }, cancellationToken);
            }
        }
    }

    private static void ShouldBe(Verdict verdict, string reason, bool neverSent)
    {
        verdict.Reason.ShouldBe(reason);
        verdict.NeverSent.ShouldBe(neverSent);
        verdict.Outcome.ShouldBe(AttemptOutcome.TransportFailure);
        verdict.IsDependencyFault.ShouldBeTrue();
    }

    private static Task<Verdict> JudgeAsync(LoopbackServer server) => JudgeAsync($"http://127.0.0.1:{server.Port}/");

    private static async Task<Verdict> JudgeAsync(string address, Version? version = null)
    {
        using var sockets = new SocketsHttpHandler { UseProxy = false };
        sockets.KeepConnections(new ConnectionPolicy());
        using var client = new HttpClient(sockets);
        using var request = new HttpRequestMessage(HttpMethod.Post, address)
        {
            Version = version ?? HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        try
        {
            using var response = await client.SendAsync(request, Cancelled);
        }
        catch (Exception exception)
        {
            var verdict = new FailureClassifier(new RetrySignals()).OfException(exception);
            ConnectionFailure.IsBeforeSending(exception).ShouldBe(verdict.NeverSent);
            return verdict;
        }

        throw new InvalidOperationException("The request should have failed.");
    }
}
