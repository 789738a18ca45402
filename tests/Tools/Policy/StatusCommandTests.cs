namespace Tools.Tests.Policy;

public sealed class StatusCommandTests : IDisposable
{
    private readonly PolicyBench _bench = new();
    private readonly StoredPolicies _before;
    private readonly StoredPolicies _now;

    public StatusCommandTests()
    {
        _before = _bench.Store.Put("defaults", "total_ms: 1000\n");
        _now = _bench.Store.Put("defaults", "total_ms: 2000\n");
    }

    public void Dispose() => _bench.Dispose();

    [Fact]
    public async Task It_is_well_when_all_run_what_the_store_holds()
    {
        _bench.Store.Run("orders-1", _now);

        var run = await _bench.RunAsync("status");

        run.ExitCode.ShouldBe(0);
        run.Lines.ShouldBe(
        [
            "service  instance  revision  digest        since                state",
            $"orders   orders-1  2         {_now.Digest}  2026-03-01 14:00:00  runs it",
            $"memory: revision 2, digest {_now.Digest}; 1/1 instances run revision 2",
        ]);
    }

    [Fact]
    public async Task The_same_content_under_another_number_is_the_same()
    {
        _bench.Store.Run("orders-1", _now);
        _bench.Store.Put("defaults", "total_ms: 3000\n");
        _bench.Store.Put("defaults", "total_ms: 2000\n");

        (await _bench.RunAsync("status")).ExitCode.ShouldBe(0);
    }

    [Fact]
    public async Task No_live_instance_is_said()
    {
        var run = await _bench.RunAsync("status");

        (run.ExitCode, run.LastLine).ShouldBe((0, $"memory: revision 2, digest {_now.Digest}; no live instances"));
    }

    [Fact]
    public async Task An_instance_that_does_not_run_it_says_why()
    {
        _bench.Store.Run("orders-1", _before);
        _bench.Store.Say(Of("orders-2", _before) with { RefusedRevision = 2, RefusedBecause = ["total_ms is x"] });
        _bench.Store.Say(Of("orders-3", _before) with { StoreProblem = "no route to host" });
        _bench.Store.Say(Of("orders-4", _now) with { Pinned = ["l1.max_attempts"], AfterRestart = ["l4.bulkhead"] });

        var run = await _bench.RunAsync("status");

        run.ExitCode.ShouldBe(3);
        run.Lines[1..5].Select(line => line[line.IndexOf("14:00:00", StringComparison.Ordinal)..][10..]).ShouldBe(
        [
            "not yet",
            "refused 2",
            "store not reachable: no route to host",
            "runs it; pinned by its own configuration: l1.max_attempts; needs a restart for l4.bulkhead",
        ]);
        run.Lines[5..7].ShouldBe(["revision 2 refused by orders orders-2:", "  total_ms is x"]);
        run.LastLine.ShouldEndWith("1/4 instances run revision 2");
    }

    [Fact]
    public async Task What_many_refuse_for_the_same_reason_is_said_once()
    {
        foreach (var instance in (string[])["orders-1", "orders-2", "orders-3"])
        {
            _bench.Store.Say(Of(instance, _before) with { RefusedRevision = 2, RefusedBecause = instance == "orders-3" ? [] : ["total_ms is x", "reserve_ms is y"] });
        }

        var run = await _bench.RunAsync("status");

        run.Lines[4..^1].ShouldBe(
        [
            "revision 2 refused by orders orders-1, orders orders-2:",
            "  total_ms is x",
            "  reserve_ms is y",
            "revision 2 refused by orders orders-3:",
            "  it does not say why",
        ]);
    }

    [Fact]
    public async Task Machines_get_it_as_json()
    {
        _bench.Store.Say(Of("orders-2", _before) with { RefusedRevision = 2, RefusedBecause = ["total_ms is x"] });

        var run = await _bench.RunAsync("status", "--json");

        run.ExitCode.ShouldBe(3);
        run.Json.GetProperty("everywhere").GetBoolean().ShouldBeFalse();
        var instance = run.Json.GetProperty("instances")[0];
        (instance.GetProperty("runsIt").GetBoolean(), instance.GetProperty("refusedRevision").GetInt64()).ShouldBe((false, 2));
    }

    private Acknowledgement Of(string instance, StoredPolicies policies) =>
        new() { Service = "orders", Instance = instance, Revision = policies.Revision, Digest = policies.Digest, At = _bench.Time.GetUtcNow() };
}
