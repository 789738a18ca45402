using System.Globalization;

namespace Services.Tests.Operations;

/// <summary>A store in memory that may be away or say that somebody else has it.</summary>
internal sealed class FakeReleaseStore : IReleaseStore
{
    public FleetRelease? Said { get; set; }

    public bool IsTaken { get; set; }

    public bool IsAway { get; set; }

    public string Name => "memory";

    public TimeSpan Lease => TimeSpan.FromSeconds(10);

    public IAsyncEnumerable<IReadOnlyDictionary<string, FleetRelease>> WatchAsync(Action<PolicyStoreException?> problem, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<bool> AnalyseAsync(string service, FleetRelease release, CancellationToken cancellationToken)
    {
        Throw();
        Said = IsTaken ? Said : release;
        return Task.FromResult(!IsTaken);
    }

    public Task SettleAsync(string service, FleetRelease release, CancellationToken cancellationToken)
    {
        Throw();
        Said = release;
        return Task.CompletedTask;
    }

    public Task ForgetAsync(string service, CancellationToken cancellationToken)
    {
        Throw();
        Said = null;
        return Task.CompletedTask;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private void Throw()
    {
        if (IsAway)
        {
            throw new PolicyStoreException(PolicyStoreFailure.Unavailable, "etcd is away");
        }
    }
}

/// <summary>A consumer whose broker may be away.</summary>
internal sealed class FakeReleaseFollower : IReleaseFollower
{
    private readonly HashSet<string> _rolledBack = [];

    public bool IsAway { get; set; }

    public List<string> Told { get; } = [];

    public List<string> Ids { get; } = [];

    public Task<bool> SetShareAsync(double share, string releaseId, string reason, CancellationToken cancellationToken)
    {
        Throw();
        if (_rolledBack.Contains(releaseId))
        {
            return Task.FromResult(false);
        }

        Told.Add(share.ToString(CultureInfo.InvariantCulture));
        Ids.Add(releaseId);
        return Task.FromResult(true);
    }

    public Task RollBackAsync(string reason, CancellationToken cancellationToken)
    {
        Throw();
        Told.Add("rolled back");
        _rolledBack.UnionWith(Ids.TakeLast(1));
        return Task.CompletedTask;
    }

    private void Throw()
    {
        if (IsAway)
        {
            throw new PolicyStoreException(PolicyStoreFailure.Unavailable, "the broker is away");
        }
    }
}

/// <summary>What is known of a thousand calls to the stable release and some to the canary.</summary>
internal sealed class FakeReleaseMetrics : IReleaseMetrics
{
    public (long Calls, long Failed, long Wrong) Canary { get; set; }

    public string? Problem { get; set; }

    public List<TimeSpan> Asked { get; } = [];

    public Task<ReleaseEvidence> ReadAsync(string service, TimeSpan time, CancellationToken cancellationToken)
    {
        Asked.Add(time);
        return Task.FromResult(Problem is not null ? new ReleaseEvidence(null, null, Problem) : new ReleaseEvidence(Sample(1000, 0, 0), Sample(Canary.Calls, Canary.Failed, Canary.Wrong))
        {
            Queries = new Dictionary<string, string> { ["p95"] = "q", ["success"] = "q", ["amount"] = "q" },
        });
    }

    private static ReleaseSample Sample(long calls, long failed, long wrong) => new(
        new LatencyCounts([0.1, 0.2, 0.4, double.PositiveInfinity], [calls, calls, calls, calls]),
        new Dictionary<string, CheckCounts> { ["success"] = new(calls - failed, failed), ["amount"] = new(calls - wrong, wrong) });
}

/// <summary>A record in memory.</summary>
internal sealed class FakeReleaseRecord : IReleaseRecord
{
    public List<ReleaseEntry> Entries { get; } = [];

    public List<string> Actions => [.. Entries.Select(entry => entry.Action)];

    public Task AddAsync(ReleaseEntry entry, CancellationToken cancellationToken)
    {
        Entries.Add(entry);
        return Task.CompletedTask;
    }

    public Task<IReadOnlyList<ReleaseEntry>> ListAsync(string? service, int most, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<IReadOnlyList<ReleaseEntry>> LatestAsync(CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<ReleaseEntry>>([.. Entries.GroupBy(entry => entry.Service).Select(service => service.Last())]);
}
