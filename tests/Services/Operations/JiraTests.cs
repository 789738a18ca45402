using System.Text.Json;
using Microsoft.Extensions.Options;

namespace Services.Tests.Operations;

/// <summary>Tickets in Jira: each once, with everything that was said, in its order, whatever Jira does meanwhile.</summary>
public sealed class JiraTests(PostgresServer postgres) : IAsyncLifetime
{
    private FakeJira _jira = null!;
    private LetterWorld? _world;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _jira = await FakeJira.StartAsync();

    public async ValueTask DisposeAsync()
    {
        if (_world is not null)
        {
            await _world.DisposeAsync();
        }

        await _jira.DisposeAsync();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_ticket_is_an_issue_with_its_comments_and_moves_with_it()
    {
        await using var shop = await FakeShop.StartAsync();
        shop.AfterRetries.Enqueue("completed");
        var world = await StartAsync([("Healing:Automatic", "true"), .. shop.Settings]);
        var letter = Letter() with { Source = DeadLetterSource.Saga(shop.Order, "charge"), Key = shop.Order.ToString() };
        await world.SendAsync(letter);

        await UntilAsync(() => _jira.Issues.Values.Any(issue => issue.Status == "Done"));

        var issue = _jira.Issues.ShouldHaveSingleItem().Value;
        ((string)issue.Fields["summary"]!).ShouldBe("orders - Failed");
        ((string)issue.Fields["priority"]!["name"]!).ShouldBe("Highest");
        ((string)issue.Fields["project"]!["key"]!).ShouldBe("SRE");
        issue.Fields["labels"]!.AsArray().Select(label => (string)label!).ShouldBe(["auto-heal", "temporal", $"letter-{letter.Id}"]);
        var comments = (await world.GetAsync("/api/tickets/1")).GetProperty("comments").EnumerateArray().Select(comment => comment.GetProperty("text").GetString()!).ToList();
        await UntilAsync(() => issue.Comments.Count == comments.Count);
        issue.Comments.Zip(comments).ShouldAllBe(pair => pair.First.StartsWith($"healing: {pair.Second} [comment ", StringComparison.Ordinal));
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    [Fact(Timeout = 60_000)]
    public async Task What_a_person_closes_is_done_there_too()
    {
        var world = await StartAsync();
        await world.SendAsync(Letter());
        await UntilAsync(() => _jira.Issues.Values.Any(one => one.Comments.Count == 1));
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/tickets/1/resolve?reason=refunded") { Headers = { { "X-Operator-Key", "secret" }, { "X-Operator", "ann" } } };

        (await world.Http.SendAsync(request, Cancel)).EnsureSuccessStatusCode();

        await UntilAsync(() => _jira.Issues.Values.Any(one => one.Status == "Done" && one.Comments.Count == 2));
        _jira.Issues.ShouldHaveSingleItem().Value.Comments.Last().ShouldStartWith("ann: resolve: refunded [comment ");
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    [Theory(Timeout = 60_000)]
    [InlineData(503)]
    [InlineData(401)]
    [InlineData(429)]
    public async Task While_Jira_does_not_take_them_tickets_wait_and_then_each_is_there_once(int status)
    {
        _jira.Status = status;
        var world = await StartAsync();
        for (var number = 0; number < 5; number++)
        {
            await world.SendAsync(Letter());
        }

        await world.UntilAsync("/api/tickets", list => list.GetArrayLength() == 5);
        await UntilAsync(() => _jira.Requests.Count > 2);
        _jira.Issues.ShouldBeEmpty();

        _jira.Status = null;

        await UntilAsync(() => _jira.Issues.Values.Count(issue => issue.Comments.Count == 1) == 5);
        _jira.Issues.Count.ShouldBe(5);
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    [Theory(Timeout = 60_000)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Answers_that_are_lost_make_nothing_twice(int lost)
    {
        _jira.LostAnswers = lost;
        var world = await StartAsync();
        await world.SendAsync(Letter());
        await world.SendAsync(Letter());

        await UntilAsync(() => _jira.Issues.Count == 2 && _jira.Issues.Values.All(issue => !issue.Comments.IsEmpty));
        await UntilAsync(() => _jira.LostAnswers == 0);

        // Something after it shows that nothing comes any more of what was in doubt.
        await world.SendAsync(Letter());
        await UntilAsync(() => _jira.Issues.Count == 3 && _jira.Issues.Values.All(issue => !issue.Comments.IsEmpty));
        _jira.Issues.Count.ShouldBe(3);
        _jira.Issues.Values.ShouldAllBe(issue => issue.Comments.Count == 1);
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    [Fact(Timeout = 60_000)]
    public async Task One_that_Jira_refuses_keeps_no_other_waiting()
    {
        _jira.Refuses = "bad";
        var world = await StartAsync();
        await world.SendAsync(Letter("bad"));
        await world.SendAsync(Letter());

        await UntilAsync(() => _jira.Issues.Count == 1);
        var refused = await world.UntilAsync("/api/tickets", list => list.EnumerateArray().Any(ticket => ticket.GetProperty("issueProblem").ValueKind == JsonValueKind.String));
        refused.EnumerateArray().Single(ticket => ticket.GetProperty("summary").GetString() == "bad - Failed").GetProperty("issueProblem").GetString()!.ShouldContain("Field 'priority' cannot be set.");
        _jira.Refuses = null;

        await UntilAsync(() => _jira.Issues.Count == 2);
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    [Fact(Timeout = 60_000)]
    public async Task One_that_Jira_breaks_at_is_put_off_and_the_others_go_on()
    {
        _jira.BreaksAt = "bad";
        var world = await StartAsync();
        await world.SendAsync(Letter("bad"));
        await world.UntilAsync("/api/tickets", list => list.GetArrayLength() == 1);
        await world.SendAsync(Letter());

        await UntilAsync(() => _jira.Issues.Values.Any(issue => !issue.Comments.IsEmpty));
        var refused = await world.UntilAsync("/api/tickets/1", one => one.GetProperty("ticket").GetProperty("issueProblem").ValueKind == JsonValueKind.String);
        refused.GetProperty("ticket").GetProperty("issueProblem").GetString()!.ShouldContain("Jira answered 500.");
        _jira.BreaksAt = null;

        await UntilAsync(() => _jira.Issues.Count == 2);
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    [Fact(Timeout = 60_000)]
    public async Task What_is_in_doubt_stays_in_doubt_while_it_cannot_be_looked_for()
    {
        (_jira.LostAnswers, _jira.SearchStatus) = (1, 400);
        var world = await StartAsync();
        await world.SendAsync(Letter());
        await world.UntilAsync("/api/tickets", list => list.EnumerateArray().Any(ticket => ticket.GetProperty("issueProblem").ValueKind == JsonValueKind.String));
        var asked = _jira.Requests.Count;
        await UntilAsync(() => _jira.Requests.Count > asked);
        _jira.SearchStatus = null;

        await UntilAsync(() => _jira.Issues.Values.Any(issue => !issue.Comments.IsEmpty));

        _jira.Issues.Count.ShouldBe(1);
        _jira.Requests.Count(request => request == "POST /rest/api/3/issue").ShouldBe(1);
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    [Fact(Timeout = 60_000)]
    public async Task Two_replicas_make_one_issue_each()
    {
        var world = await StartAsync();
        await using var second = await world.AddReplicaAsync();
        for (var number = 0; number < 20; number++)
        {
            await world.SendAsync(Letter());
        }

        await UntilAsync(() => _jira.Issues.Values.Count(issue => issue.Comments.Count == 1) == 20);
        _jira.Issues.Count.ShouldBe(20);
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    [Theory(Timeout = 60_000)]
    [InlineData("Jira:Url", "ftp://jira", "Jira:Url is 'ftp://jira/'; it must be an http or https URL.")]
    [InlineData("Jira:ApiToken", "", "Jira:ApiToken is not there; it must be an API token (with Jira:Email) or a personal access token.")]
    [InlineData("Jira:Project", " ", "Jira:Project is not there; it must be the key of a project, for example SRE.")]
    public async Task Settings_that_are_wrong_are_refused_at_start(string setting, string value, string said)
    {
        using var kafka = new MockKafka();

        var refused = await Should.ThrowAsync<OptionsValidationException>(() => OperationsHost.StartAsync(postgres, kafka.BootstrapServers, [.. _jira.Settings, (setting, value)]));

        refused.Message.ShouldContain(said);
        refused.Message.ShouldNotContain("secret-token");
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    private async Task<LetterWorld> StartAsync(params (string, string)[] settings) => _world = await LetterWorld.StartAsync(postgres, [.. _jira.Settings, .. settings]);

    private static DeadLetter Letter(string service = "orders") => new()
    {
        ServiceName = service,
        Operation = "saga order: charge",
        ErrorCode = "PAYMENT_UNAVAILABLE",
        ErrorDetail = "It answered 503.",
        RetryCount = 3,
        Key = Guid.NewGuid().ToString(),
        Source = DeadLetterSource.Saga(Guid.NewGuid(), "charge"),
        Time = DateTimeOffset.UtcNow,
    };

    private static async Task UntilAsync(Func<bool> isReached)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!isReached())
        {
            await timer.WaitForNextTickAsync(Cancel);
        }
    }
}
