namespace Tools.Tests.Policy;

public sealed class SetCommandTests : IDisposable
{
    private const string Inventory = "dependencies/inventory";

    private readonly PolicyBench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Fact]
    public async Task Several_scopes_are_one_change_with_who_and_why()
    {
        _bench.Store.Put("services/orders", "defaults: { total_ms: 900 }\n");
        _bench.Input = "total_ms: 2000\n";

        var run = await _bench.RunAsync(
            "set", Inventory, _bench.File("new.yaml", "total_ms: 900\n"), "defaults", "-", "--delete", "services/orders", "--reason", "a sale", "--who", "ada");

        run.ExitCode.ShouldBe(0);
        run.Lines[0].ShouldBe($"memory: revision 2 changes defaults, {Inventory}, services/orders (deleted)");
        run.LastLine.ShouldStartWith("No live instances");
        _bench.Store.Now.Sources.Select(source => source.Scope).ShouldBe(["defaults", Inventory]);
        var entry = (await _bench.Store.HistoryAsync(1, TestContext.Current.CancellationToken))[0];
        (entry.Who, entry.Why).ShouldBe(("ada", "a sale"));
        _bench.Store.IsDisposed.ShouldBeTrue();
    }

    [Fact]
    public async Task Without_who_it_is_the_user()
    {
        await SetAsync("total_ms: 900\n");

        (await _bench.Store.HistoryAsync(1, TestContext.Current.CancellationToken))[0].Who.ShouldBe(Environment.UserName);
    }

    [Fact]
    public async Task An_invalid_document_is_refused_with_all_errors_and_not_written()
    {
        _bench.Store.Put("defaults", "total_ms: x\n");
        var file = _bench.File("new.yaml", "l1: { max_attempts: 0 }\n\nl2: { max_attempts: no }\n");

        var run = await _bench.RunAsync("set", Inventory, file, "--reason", "a test");

        run.ExitCode.ShouldBe(1);
        run.Error.ShouldContain("error memory:defaults:1: ");
        run.Error.ShouldContain($"error {file}:3: ");
        run.Error.TrimEnd().ShouldEndWith("refused; nothing was written.");
        _bench.Store.Changes.ShouldBe(0);
    }

    [Fact]
    public async Task A_contradiction_that_it_brings_is_refused()
    {
        _bench.Lint = document => document.Dependencies.Any() ? [new("a-rule", FindingSeverity.Error, "here", "there", "3 > 2", "less")] : [];

        var run = await SetAsync("total_ms: 900\n");

        run.ExitCode.ShouldBe(1);
        run.Error.ShouldContain("error a-rule: here");
        _bench.Store.Changes.ShouldBe(0);
    }

    [Fact]
    public async Task A_warning_is_told_and_does_not_refuse()
    {
        _bench.Lint = document => document.Dependencies.Any() ? [new("a-rule", FindingSeverity.Warning, "here", "there", "3 > 2", "less")] : [];

        var run = await SetAsync("total_ms: 900\n");

        run.ExitCode.ShouldBe(0);
        run.Error.ShouldContain("warning a-rule: here");
    }

    [Fact]
    public async Task A_dry_run_shows_the_difference_and_writes_nothing()
    {
        _bench.Store.Put(Inventory, "total_ms: 1000\n");

        var run = await SetAsync("total_ms: 900\n", "--dry-run");

        run.ExitCode.ShouldBe(0);
        run.Out.ShouldContain("-total_ms: 1000\n+total_ms: 900\n");
        run.LastLine.ShouldBe($"memory: would change {Inventory}; nothing was written.");
        _bench.Store.Changes.ShouldBe(0);
    }

    [Fact]
    public async Task What_is_like_this_already_is_not_written_again()
    {
        _bench.Store.Put(Inventory, "total_ms: 900\n");

        var run = await SetAsync("total_ms: 900\n");

        run.ExitCode.ShouldBe(0);
        run.Lines[0].ShouldBe("memory: nothing changes, revision 1 is like this already");
        _bench.Store.Changes.ShouldBe(0);
    }

    [Fact]
    public async Task A_change_from_an_older_revision_is_a_conflict()
    {
        _bench.Store.Put(Inventory, "total_ms: 1000\n");
        _bench.Store.Put(Inventory, "total_ms: 1100\n");

        var run = await SetAsync("total_ms: 900\n", "--from", "1");

        run.ExitCode.ShouldBe(5);
        run.Error.TrimEnd().ShouldNotContain("\n");
        _bench.Store.Changes.ShouldBe(0);
        (await SetAsync("total_ms: 900\n", "--from", "2")).ExitCode.ShouldBe(0);
    }

    [Theory]
    [InlineData(PolicyStoreFailure.Unavailable)]
    [InlineData(PolicyStoreFailure.Denied)]
    public async Task A_store_that_does_not_let_us_is_one_line(PolicyStoreFailure failure)
    {
        _bench.Store.Failure = new PolicyStoreException(failure, "memory is away;\ntry again.");

        var run = await SetAsync("total_ms: 900\n");

        (run.ExitCode, run.Error.TrimEnd(), run.Out).ShouldBe((4, "memory is away; try again.", ""));
    }

    [Theory]
    [InlineData("SCOPE FILE: missing", "--reason", "x")]
    [InlineData("'--reason' is required", "defaults", "-")]
    [InlineData("--reason: ' ' is not a text", "defaults", "-", "--reason", " ")]
    [InlineData("'defaults' has no file", "defaults", "--reason", "x")]
    [InlineData("SCOPE: 'inventory' must be resilience, defaults", "inventory", "-", "--reason", "x")]
    [InlineData("'defaults' is there twice", "defaults", "-", "defaults", "x", "--reason", "x")]
    [InlineData("'-' is there twice", "defaults", "-", "tiers", "-", "--reason", "x")]
    [InlineData("--delete: 'defaults' is there twice", "defaults", "-", "--delete", "defaults", "--reason", "x")]
    [InlineData("FILE: '/nowhere/x.yaml' cannot be read", "defaults", "/nowhere/x.yaml", "--reason", "x")]
    [InlineData("--wait: '-1' is not a number", "defaults", "-", "--reason", "x", "--wait", "-1")]
    [InlineData("--from: 'x' is not a revision", "defaults", "-", "--reason", "x", "--from", "x")]
    public async Task Wrong_usage_says_what_is_right(string part, params string[] arguments)
    {
        var run = await _bench.RunAsync(["set", .. arguments]);

        run.ExitCode.ShouldBe(2);
        run.Error.ShouldContain(part);
        _bench.Store.Changes.ShouldBe(0);
    }

    private Task<PolicyRun> SetAsync(string text, params string[] arguments) =>
        _bench.RunAsync(["set", Inventory, _bench.File("new.yaml", text), "--reason", "a test", .. arguments]);
}
