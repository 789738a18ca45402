namespace Tools.Tests.Policy;

public sealed class RestoreCommandTests : IDisposable
{
    private readonly PolicyBench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Fact]
    public async Task Everything_is_what_it_was_also_what_was_not_there()
    {
        var then = _bench.Store.Put("defaults", "total_ms: 1000\n");
        _bench.Store.Put("defaults", "total_ms: 2000\n");
        _bench.Store.Put("dependencies/inventory", "total_ms: 900\n");

        var run = await _bench.RunAsync("restore", "1", "--reason", "worse", "--who", "ada");

        run.ExitCode.ShouldBe(0);
        run.Lines[0].ShouldBe("memory: revision 4 changes defaults, dependencies/inventory (deleted)");
        _bench.Store.Now.Digest.ShouldBe(then.Digest);
    }

    [Fact]
    public async Task Nothing_to_restore_says_so()
    {
        _bench.Store.Put("defaults", "total_ms: 1000\n");

        var run = await _bench.RunAsync("restore", "1", "--reason", "worse");

        (run.ExitCode, run.Lines[0]).ShouldBe((0, "memory: nothing changes, revision 1 is like this already"));
        _bench.Store.Changes.ShouldBe(0);
    }

    [Fact]
    public async Task A_state_that_is_invalid_is_not_restored()
    {
        _bench.Store.Put("defaults", "total_ms: x\n");
        _bench.Store.Put("defaults", "total_ms: 1000\n");

        var run = await _bench.RunAsync("restore", "1", "--reason", "worse");

        run.ExitCode.ShouldBe(1);
        run.Error.ShouldContain("error defaults of revision 1:1: ");
        _bench.Store.Changes.ShouldBe(0);
    }

    [Fact]
    public async Task A_dry_run_shows_what_would_change()
    {
        _bench.Store.Put("defaults", "total_ms: 1000\n");
        _bench.Store.Put("defaults", "total_ms: 2000\n");

        var run = await _bench.RunAsync("restore", "1", "--reason", "worse", "--dry-run");

        run.Out.ShouldContain("-total_ms: 2000\n+total_ms: 1000\n");
        _bench.Store.Changes.ShouldBe(0);
    }

    [Theory]
    [InlineData("REVISION: 'x' is not a revision", "x", "--reason", "worse")]
    [InlineData("'--reason' is required", "1")]
    [InlineData("no revision 7", "7", "--reason", "worse")]
    public async Task Wrong_usage_says_what_is_right(string part, params string[] arguments)
    {
        var run = await _bench.RunAsync(["restore", .. arguments]);

        run.ExitCode.ShouldBe(2);
        run.Error.ShouldContain(part);
    }
}
