namespace Replay.Drills;

/// <summary>What was seen of the services while a drill ran.</summary>
internal sealed class DrillRecord
{
    private readonly List<LevelChange> _changes = [];
    private readonly List<ReleaseChange> _releases = [];
    private readonly Dictionary<string, InstanceLevel> _now = new(StringComparer.Ordinal);

    /// <summary>Each change of level or share, in the order of time.</summary>
    public IReadOnlyList<LevelChange> Changes => _changes;

    /// <summary>Each change of a release's stage or share, in the order of time.</summary>
    public IReadOnlyList<ReleaseChange> Releases => _releases;

    /// <summary>How the release stands at the end; null when there was none.</summary>
    public ReleaseLevel? Release => _releases.LastOrDefault()?.To;

    /// <summary>Where each instance stands at the end, by its name.</summary>
    public IReadOnlyDictionary<string, InstanceLevel> Now => _now;

    /// <summary>Takes a look at an instance.</summary>
    /// <returns>The change, or null when nothing has changed since the last look.</returns>
    public LevelChange? See(TimeSpan at, InstanceLevel seen)
    {
        var before = _now.GetValueOrDefault(seen.Instance, seen with { Level = "normal", NormalShare = 1 });
        _now[seen.Instance] = seen;
        if ((before.Level, before.NormalShare) == (seen.Level, seen.NormalShare))
        {
            return null;
        }

        var change = new LevelChange(at, before.Level, seen);
        _changes.Add(change);
        return change;
    }

    /// <summary>Takes a look at a release.</summary>
    /// <returns>The change, or null when nothing has changed since the last look.</returns>
    public ReleaseChange? See(TimeSpan at, ReleaseLevel seen)
    {
        if (Release is { } before ? (before.Stage, before.Share) == (seen.Stage, seen.Share) : seen.Stage == "none")
        {
            return null;
        }

        var change = new ReleaseChange(at, seen);
        _releases.Add(change);
        return change;
    }

    /// <summary>Whether a service was at a level at any time within a span.</summary>
    public bool Reached(string service, string level, double from, double to) =>
        _changes.Any(change => change.To.Service == service && change.To.Level == level && change.At.TotalSeconds >= from && change.At.TotalSeconds <= to);

    /// <summary>Whether all instances of all services are where they should be, at the end.</summary>
    public bool AllNormal => _now.Values.All(instance => instance.Level is "normal" or "alert");

    /// <summary>How often a service came down to another level, the steps of its recovery not counted.</summary>
    public int Falls(string service) => _changes.Count(change => change.To.Service == service && change.To.NormalShare == 0);
}

/// <summary>A release that changed.</summary>
/// <param name="At">When it was seen, from the first order on.</param>
/// <param name="To">How it stands since.</param>
internal sealed record ReleaseChange(TimeSpan At, ReleaseLevel To);

/// <summary>An instance that changed.</summary>
/// <param name="At">When it was seen, from the first order on.</param>
/// <param name="From">Level before.</param>
/// <param name="To">Where it stands since.</param>
internal sealed record LevelChange(TimeSpan At, string From, InstanceLevel To);
