using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Resilience.Tests.IdempotencyKeys;

/// <summary>Requests that are refused before the handler sees them.</summary>
public sealed class IdempotencyKeyHeaderTests
{
    public static TheoryData<string[], string> WrongKeys => new()
    {
        { [], "Idempotency-Key is missing; send one key for all attempts at the same thing, for example a UUID." },
        { [new string('k', 256)], "Idempotency-Key has 256 characters; it must have 1 to 255." },
        { ["with space"], "Idempotency-Key has a character that is not visible ASCII." },
        { ["bell\u0007"], "Idempotency-Key has a character that is not visible ASCII." },
        { ["a", "a"], "Idempotency-Key is there 2 times; send it once." },
    };

    [Theory]
    [MemberData(nameof(WrongKeys))]
    public async Task A_wrong_key_is_400_and_names_the_header(string[] keys, string reason)
    {
        await using var host = await IdempotentHost.StartAsync(IdempotencyMiddlewareTests.CreateAsync);
        using var response = await host.SendAsync(keys, new StringContent("body"), "/things/one", IdempotentHost.Cancel);
        response.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await IdempotentHost.CodeAsync(response)).ShouldBe("VALIDATION_FAILED");
        using var problem = JsonDocument.Parse(await response.Content.ReadAsStringAsync(IdempotentHost.Cancel));
        problem.RootElement.GetProperty("errors").GetProperty("Idempotency-Key")[0].GetString().ShouldBe(reason);
        host.Handled.ShouldBe(0);
    }

    [Fact]
    public async Task An_empty_key_is_400_too()
    {
        await using var host = await IdempotentHost.StartAsync(IdempotencyMiddlewareTests.CreateAsync);

        // HttpClient does not send the header without a value to a server in memory.
        var context = await host.Server.SendAsync(
            request =>
            {
                (request.Request.Method, request.Request.Path) = ("POST", "/things/one");
                request.Request.Headers[ResilienceHeaders.IdempotencyKey] = "";
            },
            IdempotentHost.Cancel);
        context.Response.StatusCode.ShouldBe(StatusCodes.Status400BadRequest);
        using var problem = await JsonDocument.ParseAsync(context.Response.Body, cancellationToken: IdempotentHost.Cancel);
        problem.RootElement.GetProperty("errors").GetProperty("Idempotency-Key")[0].GetString()
            .ShouldBe("Idempotency-Key is empty; it must have 1 to 255 visible ASCII characters.");
    }

    [Fact]
    public async Task The_longest_key_is_fine()
    {
        await using var host = await IdempotentHost.StartAsync(IdempotencyMiddlewareTests.CreateAsync);
        (await host.PostAsync(new string('k', 255))).StatusCode.ShouldBe(HttpStatusCode.Created);
    }

    [Fact]
    public async Task Where_a_key_is_only_accepted_a_wrong_one_is_refused_and_none_acts_every_time()
    {
        await using var host = await IdempotentHost.StartAsync(IdempotencyMiddlewareTests.CreateAsync);
        (await host.PostAsync("with space", path: "/accepting")).StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        for (var i = 0; i < 2; i++)
        {
            (await host.SendAsync([], new StringContent("body"), "/accepting", IdempotentHost.Cancel)).StatusCode.ShouldBe(HttpStatusCode.Created);
        }

        host.Handled.ShouldBe(2);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_body_beyond_the_limit_is_413_whether_or_not_its_length_is_announced(bool isAnnounced)
    {
        await using var host = await IdempotentHost.StartAsync(IdempotencyMiddlewareTests.CreateAsync, options => options.MaxRequestBytes = 10);
        using var fitting = await host.SendAsync(["fits"], Body(10, isAnnounced), "/things/one", IdempotentHost.Cancel);
        using var tooLarge = await host.SendAsync(["key"], Body(11, isAnnounced), "/things/one", IdempotentHost.Cancel);

        fitting.StatusCode.ShouldBe(HttpStatusCode.Created);
        tooLarge.StatusCode.ShouldBe(HttpStatusCode.RequestEntityTooLarge);
        (await IdempotentHost.CodeAsync(tooLarge)).ShouldBe("BODY_TOO_LARGE");
        host.Handled.ShouldBe(1);
    }

    private static HttpContent Body(int bytes, bool isAnnounced)
    {
        var body = Encoding.ASCII.GetBytes(new string('b', bytes));
        return isAnnounced ? new ByteArrayContent(body) : new StreamContent(new UnseekableStream(body));
    }

    private sealed class UnseekableStream(byte[] bytes) : MemoryStream(bytes)
    {
        public override bool CanSeek => false;
    }
}
