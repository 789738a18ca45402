using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Services.Tests.Operations;

/// <summary>Releases on a clock that a test moves, with a store, a record and a follower that a test looks into.</summary>
public abstract class ReleaseRunsScenario : IDisposable
{
    private protected readonly FakeTimeProvider _clock = new();
    private protected readonly FakeReleaseStore _store = new();
    private protected readonly FakeReleaseMetrics _metrics = new();
    private protected readonly FakeReleaseRecord _record = new();
    private protected readonly ReleaseRuns _runs;
    private protected FakeReleaseFollower? _follower;
    private protected readonly ReleasePolicy _policy = new() { Steps = [0.3, 0.5], Checks = ["amount"] };

    protected ReleaseRunsScenario() => _runs = Create();

    private protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _runs.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected ReleaseRuns Create() =>
        new(_store, _metrics, _record, _ => _policy, _ => _store.Said, service => service == "operations" ? _follower : null, _clock, NullLogger<ReleaseRuns>.Instance);

    private protected Task LookAsync()
    {
        _clock.Advance(_policy.Interval);
        return _runs.LookAsync(Cancel);
    }
}
