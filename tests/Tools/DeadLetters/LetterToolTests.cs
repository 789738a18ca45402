using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Tools.Tests.DeadLetters;

/// <summary>The verbs of the tool against an Operations that answers as the test says.</summary>
public sealed class LetterToolTests
{
    private const string Letter = "0a0a0a0a-1111-2222-3333-444444444444";

    private static readonly string Letters =
        $$"""[{"id":"{{Letter}}","serviceName":"orders","operation":"saga order: charge","errorCode":"PAYMENT_UNAVAILABLE","key":"order-1","failedAt":"2026-11-28T10:00:00+00:00","ticket":7}]""";

    [Fact]
    public async Task List_asks_for_what_was_named_and_says_what_to_do_next()
    {
        await using var operations = await Operations.StartAsync(_ => (200, Letters));

        var run = await RunAsync(operations, "list", "--service", "orders", "--operation", "saga order: charge", "--most", "5");

        run.ExitCode.ShouldBe(0);
        operations.Asked.ShouldBe(["GET /api/dead-letters?most=5&service=orders&operation=saga%20order%3A%20charge"]);
        run.Out.Split(Environment.NewLine)[0].ShouldBe($"2026-11-28 10:00:00Z  {Letter}  ticket 7  orders  saga order: charge  PAYMENT_UNAVAILABLE  key order-1");
        run.Out.ShouldContain("redrive --reason WHY");
    }

    [Fact]
    public async Task Show_prints_the_letter()
    {
        await using var operations = await Operations.StartAsync(_ => (200, """{"id":"x","payload":"{}"}"""));

        var run = await RunAsync(operations, "show", Letter);

        run.ExitCode.ShouldBe(0);
        operations.Asked.ShouldBe([$"GET /api/dead-letters/{Letter}"]);
        run.Out.ShouldContain("\"payload\": \"{}\"");
    }

    [Fact]
    public async Task Redrive_sends_who_why_what_and_how_fast()
    {
        await using var operations = await Operations.StartAsync(_ => (200, """{"dryRun":false,"matched":2,"planned":2,"doneAt":"2026-11-28T10:00:01+00:00","refused":[]}"""));

        var run = await RunAsync(operations, "redrive", "--code", "PAYMENT_UNAVAILABLE", "--per-second", "10", "--reason", "provider is back", "--as", "ann");

        run.ExitCode.ShouldBe(0);
        operations.Asked.ShouldBe(["POST /api/dead-letters/redrive?reason=provider%20is%20back"]);
        operations.Bodies.ShouldHaveSingleItem().ToJsonString().ShouldBe("""{"dryRun":false,"perSecond":10,"code":"PAYMENT_UNAVAILABLE"}""");
        operations.Operators.ShouldBe(["ann secret"]);
        run.Out.Trim().ShouldBe("2 of 2 are tried again, the last at 10:00:01Z. What comes of each is said in its ticket.");
    }

    [Fact]
    public async Task A_dry_run_of_given_letters_tells_what_is_refused()
    {
        await using var operations = await Operations.StartAsync(_ => (200, $$"""{"dryRun":true,"matched":1,"planned":0,"refused":[{"id":"{{Letter}}","reason":"It has no payload."}]}"""));

        var run = await RunAsync(operations, "redrive", Letter, "--dry-run", "--reason", "drill");

        run.ExitCode.ShouldBe(1);
        operations.Bodies[0]["ids"]!.ToJsonString().ShouldBe($"[\"{Letter}\"]");
        run.Error.Trim().ShouldBe($"{Letter}: It has no payload.");
        run.Out.Trim().ShouldBe("0 of 1 would be tried again. Nothing was done.");
    }

    [Theory]
    [InlineData("--most: '0' is not a whole number from 1 to 1000", "list", "--most", "0")]
    [InlineData("Option '--reason' is required.", "redrive")]
    [InlineData("not-an-id", "show", "not-an-id")]
    [InlineData("--operations: 'localhost' is not an absolute http or https URL", "list", "--operations", "localhost")]
    public async Task Wrong_usage_says_what_would_be_right(string said, params string[] arguments)
    {
        var run = await RunAsync(null, arguments);

        run.ExitCode.ShouldBe(2);
        run.Error.ShouldContain(said);
        run.Error.ShouldContain("Use --help");
    }

    [Theory]
    [InlineData(401, """{"detail":"x"}""", 4, "set OPERATOR_KEY")]
    [InlineData(403, """{"detail":"This service takes no orders from operators: start it with the setting Operator__Key."}""", 4, "start it with the setting Operator__Key")]
    [InlineData(400, """{"errors":{"ids":["ids are not there; say which letters."]}}""", 1, "ids are not there")]
    [InlineData(500, "<html>", 1, "Operations answered 500.")]
    public async Task What_Operations_refuses_is_explained(int status, string body, int exitCode, string said)
    {
        await using var operations = await Operations.StartAsync(_ => (status, body));

        var run = await RunAsync(operations, "redrive", "--reason", "x");

        run.ExitCode.ShouldBe(exitCode);
        run.Error.ShouldContain(said);
        run.Error.ShouldNotContain("secret");
    }

    [Fact]
    public async Task Operations_that_is_not_there_is_said()
    {
        var run = await RunAsync(null, "list", "--operations", "http://127.0.0.1:1");

        run.ExitCode.ShouldBe(4);
        run.Error.Trim().ShouldBe("http://127.0.0.1:1/ cannot be reached (ConnectionError). Is the shop running? Its address is --operations.");
    }

    private static async Task<(int ExitCode, string Out, string Error)> RunAsync(Operations? operations, params string[] arguments)
    {
        await using var output = new StringWriter();
        await using var error = new StringWriter();
        var tool = new LetterTool(output, error, name => name == "OPERATOR_KEY" ? "secret" : null);
        var exitCode = await LetterCommandLine.RunAsync(operations is null ? arguments : [.. arguments, "--operations", operations.Address], tool, TestContext.Current.CancellationToken);
        return (exitCode, output.ToString(), error.ToString());
    }

    private sealed class Operations : IAsyncDisposable
    {
        private readonly WebApplication _app;

        private Operations(WebApplication app) => _app = app;

        public string Address => _app.Urls.First();

        public List<string> Asked { get; } = [];

        public List<string> Operators { get; } = [];

        public List<JsonNode> Bodies { get; } = [];

        public static async Task<Operations> StartAsync(Func<HttpContext, (int Status, string Body)> answer)
        {
            var builder = WebApplication.CreateSlimBuilder();
            builder.Logging.ClearProviders();
            builder.WebHost.UseUrls("http://127.0.0.1:0");
            var operations = new Operations(builder.Build());
            operations._app.Run(async http =>
            {
                operations.Asked.Add($"{http.Request.Method} {http.Request.Path}{http.Request.QueryString}");
                if (http.Request.Method == HttpMethods.Post)
                {
                    operations.Operators.Add($"{http.Request.Headers["X-Operator"]} {http.Request.Headers["X-Operator-Key"]}");
                    operations.Bodies.Add((await JsonNode.ParseAsync(http.Request.Body))!);
                }

                var (status, body) = answer(http);
                http.Response.StatusCode = status;
                await http.Response.WriteAsync(body);
            });
            await operations._app.StartAsync(TestContext.Current.CancellationToken);
            return operations;
        }

        public ValueTask DisposeAsync() => _app.DisposeAsync();
    }
}
