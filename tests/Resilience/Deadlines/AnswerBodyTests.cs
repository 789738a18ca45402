using System.Net;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Resilience.Tests.Deadlines;

/// <summary>What a caller gets when the time of its request is over while the answer is written: the whole answer or none, never half of one.</summary>
public sealed class AnswerBodyTests
{
    /// <summary>Several times what the serializer holds before its first flush.</summary>
    private const int Lines = 5_000;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false, 1)]
    [InlineData(false, Lines)]
    [InlineData(true, 1)]
    [InlineData(true, Lines)]
    public async Task An_answer_that_is_ready_late_is_sent_whole(bool isReal, int lines)
    {
        ContextServer? server = null;
        await using var started = server = await ContextServer.StartAsync(
            http =>
            {
                Expire(server!.Clock, http);
                return Results.Json(Enumerable.Range(0, lines).ToArray(), statusCode: StatusCodes.Status202Accepted).ExecuteAsync(http);
            },
            isReal: isReal);
        using var response = await server.GetAsync(("x-deadline-ms", "500"));

        response.StatusCode.ShouldBe(HttpStatusCode.Accepted);
        JsonSerializer.Deserialize<int[]>(await response.Content.ReadAsStringAsync(Cancelled)).ShouldNotBeNull().Length.ShouldBe(lines);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_answer_whose_time_runs_out_in_the_middle_is_not_taken_for_a_whole_one(bool isReal)
    {
        ContextServer? server = null;
        await using var started = server = await ContextServer.StartAsync(
            http => Results.Ok(Enumerable.Range(0, Lines).Select(line => line < Lines / 2 ? line : Expire(server!.Clock, http, line))).ExecuteAsync(http),
            isReal: isReal);

        await ShouldBreakOffAsync(server);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_stream_that_the_deadline_ends_is_not_taken_for_a_whole_one(bool isReal)
    {
        ContextServer? server = null;
        await using var started = server = await ContextServer.StartAsync(http => Results.Ok(StreamAsync(server!.Clock, http)).ExecuteAsync(http), isReal: isReal);

        await ShouldBreakOffAsync(server);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Bytes_that_were_left_unsent_are_not_taken_for_an_answer(bool isReal)
    {
        ContextServer? server = null;
        await using var started = server = await ContextServer.StartAsync(
            http =>
            {
                Expire(server!.Clock, http);
                http.Response.BodyWriter.GetSpan(1)[0] = (byte)'[';
                http.Response.BodyWriter.Advance(1);
                return Task.CompletedTask;
            },
            isReal: isReal);

        await ShouldBreakOffAsync(server);
    }

    [Theory]
    [InlineData("stream")]
    [InlineData("writer")]
    [InlineData("text")]
    [InlineData("file")]
    public async Task Late_or_in_time_every_way_to_write_arrives(string way)
    {
        var path = Path.GetTempFileName();
        await File.WriteAllTextAsync(path, "arrived", Cancelled);
        try
        {
            foreach (var isLate in new[] { false, true })
            {
                ContextServer? server = null;
                await using var started = server = await ContextServer.StartAsync(
                    async http =>
                    {
                        if (isLate)
                        {
                            Expire(server!.Clock, http);
                        }

                        await WriteAsync(way, http, path);
                    },
                    isReal: true);
                using var response = await server.GetAsync(("x-deadline-ms", "500"));
                (await response.Content.ReadAsStringAsync(Cancelled)).ShouldBe("arrived");
            }
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public async Task An_endpoint_that_ended_its_answer_itself_may_go_on_past_the_deadline()
    {
        ContextServer? server = null;
        await using var started = server = await ContextServer.StartAsync(
            async http =>
            {
                await http.Response.WriteAsync("whole", Cancelled);
                await http.Response.CompleteAsync();
                Expire(server!.Clock, http);
            },
            isReal: true);
        using var response = await server.GetAsync(("x-deadline-ms", "500"));
        (await response.Content.ReadAsStringAsync(Cancelled)).ShouldBe("whole");
    }

    private static async Task WriteAsync(string way, HttpContext http, string path)
    {
        var (response, bytes) = (http.Response, Encoding.UTF8.GetBytes("arrived"));
        switch (way)
        {
            case "stream":
                await response.Body.WriteAsync(bytes.AsMemory(0, 3), http.RequestAborted);
                await response.Body.WriteAsync(bytes.AsMemory(3), http.RequestAborted);
                await response.Body.FlushAsync(http.RequestAborted);
                break;
            case "writer":
                await response.StartAsync(http.RequestAborted);
                await response.BodyWriter.WriteAsync(bytes, http.RequestAborted);
                break;
            case "text":
                await response.WriteAsync("arrived", http.RequestAborted);
                break;
            default:
                await response.SendFileAsync(path, 0, null, http.RequestAborted);
                break;
        }
    }

    private static async Task ShouldBreakOffAsync(ContextServer server)
    {
        var failure = await Record.ExceptionAsync(() => server.GetAsync(("x-deadline-ms", "500")));
        // The last one is how the server in memory says that the application broke off; nobody cancelled the call.
        (failure is HttpRequestException or IOException or OperationCanceledException { CancellationToken.IsCancellationRequested: false }).ShouldBeTrue($"The answer was taken for a whole one: {failure?.ToString() ?? "no failure"}.");
    }

    private static async IAsyncEnumerable<int> StreamAsync(VirtualClock clock, HttpContext http, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        for (var line = 0; line < Lines; line++)
        {
            yield return line;
            if (line == Lines / 2)
            {
                Expire(clock, http);
                await ContextServer.UntilCancelledAsync(cancellationToken);
            }
        }
    }

    private static int Expire(VirtualClock clock, HttpContext http, int result = 0)
    {
        if (!http.RequestAborted.IsCancellationRequested)
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            http.RequestAborted.IsCancellationRequested.ShouldBeTrue();
        }

        return result;
    }
}
