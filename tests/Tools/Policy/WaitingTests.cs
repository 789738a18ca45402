namespace Tools.Tests.Policy;

/// <summary>After a change the tool waits for the instances.</summary>
public sealed class WaitingTests : IDisposable
{
    private readonly PolicyBench _bench = new();
    private readonly StoredPolicies _before;

    public WaitingTests()
    {
        _before = _bench.Store.Put("defaults", "total_ms: 1000\n");
        _bench.Store.Run("orders-1", _before);
        _bench.Store.Run("orders-2", _before);
    }

    public void Dispose() => _bench.Dispose();

    [Fact]
    public async Task Until_every_instance_runs_it()
    {
        _bench.Store.BeforeAcknowledgements = read =>
        {
            if (read is 2 or 3)
            {
                _bench.Store.Run($"orders-{read - 1}", _bench.Store.Now);
            }
        };

        var run = await SetAsync();

        run.ExitCode.ShouldBe(0);
        run.Error.ShouldBe("0/2 instances run revision 2\n1/2 instances run revision 2\n2/2 instances run revision 2\n");
        run.LastLine.ShouldBe("2/2 instances run revision 2");
    }

    [Fact]
    public async Task But_not_longer_than_asked()
    {
        _bench.Store.Run("orders-1", _before);
        var start = _bench.Time.GetUtcNow();

        var run = await SetAsync("--wait", "3");

        run.ExitCode.ShouldBe(3);
        run.LastLine.ShouldBe("0/2 instances run revision 2");
        run.Error.ShouldContain("orders orders-1 runs revision 1: not yet");
        (_bench.Time.GetUtcNow() - start).ShouldBe(TimeSpan.FromSeconds(3));
    }

    [Fact]
    public async Task And_not_for_one_that_has_refused_it()
    {
        _bench.Store.BeforeAcknowledgements = _ =>
        {
            _bench.Store.Run("orders-1", _bench.Store.Now);
            _bench.Store.Say(Of("orders-2") with { RefusedRevision = 2, RefusedBecause = ["l1.max_attempts is 0", "more"] });
        };

        var run = await SetAsync();

        run.ExitCode.ShouldBe(3);
        run.LastLine.ShouldBe("1/2 instances run revision 2");
        run.Error.ShouldContain("orders orders-2 runs revision 1: refused 2: l1.max_attempts is 0 (and 1 more)");
        _bench.Store.AcknowledgementReads.ShouldBe(1);
    }

    [Fact]
    public async Task And_not_when_something_later_has_come()
    {
        _bench.Store.BeforeAcknowledgements = _ =>
        {
            var later = _bench.Store.Put("defaults", "total_ms: 3000\n");
            _bench.Store.Run("orders-1", later);
            _bench.Store.Run("orders-2", later);
        };

        var run = await SetAsync();

        run.ExitCode.ShouldBe(3);
        run.Error.ShouldContain("orders orders-1 runs revision 3: runs the later revision 3");
        _bench.Store.AcknowledgementReads.ShouldBe(1);
    }

    [Fact]
    public async Task An_instance_that_has_gone_is_not_waited_for()
    {
        _bench.Store.BeforeAcknowledgements = _ => _bench.Store.Leave("orders-2");
        _bench.Store.Run("orders-1", _before);
        _bench.Store.BeforeAcknowledgements += _ => _bench.Store.Run("orders-1", _bench.Store.Now);

        (await SetAsync()).LastLine.ShouldBe("1/1 instances run revision 2");
    }

    [Fact]
    public async Task A_store_that_is_away_for_a_moment_is_asked_again()
    {
        _bench.Store.BeforeAcknowledgements = read =>
        {
            _bench.Store.AcknowledgementsFailure = read == 1 ? new PolicyStoreException(PolicyStoreFailure.Unavailable, "away") : null;
            _bench.Store.Run("orders-1", _bench.Store.Now);
            _bench.Store.Run("orders-2", _bench.Store.Now);
        };

        (await SetAsync()).ExitCode.ShouldBe(0);
    }

    [Fact]
    public async Task A_store_that_stays_away_leaves_the_change_written_and_says_that_it_does_not_know()
    {
        _bench.Store.AcknowledgementsFailure = new PolicyStoreException(PolicyStoreFailure.Unavailable, "memory is away.");

        var run = await SetAsync();

        run.ExitCode.ShouldBe(3);
        run.Error.TrimEnd().ShouldBe("Revision 2 is in the store, but it is not known who runs it: memory is away.");
    }

    [Fact]
    public async Task Interrupted_it_ends_and_the_change_stays()
    {
        using var interruption = new CancellationTokenSource();
        _bench.Store.BeforeAcknowledgements = _ => interruption.Cancel();

        var run = await _bench.RunAsync(interruption.Token, "set", "defaults", _bench.File("new.yaml", "total_ms: 2000\n"), "--reason", "a test");

        run.ExitCode.ShouldBe(130);
        run.Out.ShouldStartWith("memory: revision 2 changes defaults");
        run.Error.ShouldContain("interrupted");
    }

    [Fact]
    public async Task On_a_terminal_the_line_changes_in_place_and_it_says_what_to_do_next()
    {
        _bench.IsTerminal = true;
        _bench.Store.BeforeAcknowledgements = read =>
        {
            if (read == 2)
            {
                _bench.Store.Run("orders-1", _bench.Store.Now);
                _bench.Store.Run("orders-2", _bench.Store.Now);
            }
        };

        var run = await SetAsync();

        run.Error.ShouldStartWith("\r\e[2K0/2 instances run revision 2\r\e[2K2/2 instances run revision 2\r\e[2K");
        run.Error.ShouldContain("next: ");
    }

    private Task<PolicyRun> SetAsync(params string[] arguments) =>
        _bench.RunAsync(["set", "defaults", _bench.File("new.yaml", "total_ms: 2000\n"), "--reason", "a test", .. arguments]);

    private Acknowledgement Of(string instance) =>
        new() { Service = "orders", Instance = instance, Revision = _before.Revision, Digest = _before.Digest, At = _bench.Time.GetUtcNow() };
}
