using Microsoft.Extensions.Logging;
using ResilientShop.Resilience.Policies;

namespace ResilientShop.Resilience;

/// <summary>
/// Something that this process calls: the policy in force, and the state that all calls to it share (a breaker for each release channel, the retry
/// budget). Reading any of it takes no lock and allocates nothing. Thread-safe.
/// </summary>
public sealed partial class Dependency
{
    private readonly DependencyRegistry _registry;
    private readonly Lock _forcing = new();
    private readonly ILogger? _logger;

    internal Dependency(string name, int index, DependencyRegistry registry, ConnectionPolicy connections, ILogger? logger) =>
        (Name, Index, _registry, Connections, _logger) = (name, index, registry, connections, logger);

    /// <summary>Its name: label in telemetry, key in policies.</summary>
    public string Name { get; }

    /// <summary>The policy in force.</summary>
    public DependencyPolicy Policy => Snapshot.Policy;

    /// <summary>How its connections are kept, since its first use: they exist, so that another policy holds only after a restart.</summary>
    public ConnectionPolicy Connections { get; }

    /// <summary>The retry budget, or null where the policy has none.</summary>
    public RetryBudget? Budget => Snapshot.Budget;

    /// <summary>The breakers; none where the policy has none.</summary>
    public IEnumerable<CircuitBreaker> Breakers
    {
        get
        {
            var snapshot = Snapshot;
            return snapshot.Stable is null ? [] : [snapshot.Stable, snapshot.Canary!];
        }
    }

    /// <summary>Its place in every <see cref="PolicySnapshot"/>.</summary>
    internal int Index { get; }

    internal ForcedBreakSwitch Forced { get; } = new();

    /// <summary>Which of its releases serves a call.</summary>
    public ReleaseRoute Release { get; } = new();

    internal TimeProvider Time => _registry.Time;

    internal ResilienceMetrics Metrics => _registry.Metrics;

    internal DependencySnapshot Snapshot => _registry.Current.Of(this, route: null);

    /// <summary>What holds for a call: what the request that it is made for started with.</summary>
    internal DependencySnapshot SnapshotFor(CallContext context)
    {
        var policies = context.Policies;
        return (policies is null || policies.Registry != _registry ? _registry.Current : policies).Of(this, context.Route);
    }

    /// <summary>The breaker of a channel, or null where the policy has none.</summary>
    public CircuitBreaker? Breaker(ReleaseChannel channel = ReleaseChannel.Stable) => Snapshot.Breaker(channel);

    /// <summary>
    /// Puts another policy in force, whole, until the next document of policies: calls that have started keep the old one. A breaker or budget whose own numbers
    /// did not change keeps its state. <see cref="DependencyPolicy.Connections"/> cannot change while the process runs.
    /// </summary>
    /// <exception cref="PolicyInvalidException">The policy is wrong; the old one stays.</exception>
    public void Apply(DependencyPolicy policy)
    {
        ArgumentNullException.ThrowIfNull(policy);
        _registry.Override(this, policy);
    }

    /// <summary>
    /// Forces its breakers open because it is broken, but for the share of calls by which it recovers; null ends that. Breakers that come with later policies are forced
    /// too. Effective at once.
    /// </summary>
    /// <param name="fleet">Where the dependency's instances stand.</param>
    public void Follow(FleetDegradation? fleet)
    {
        var now = fleet is { Level: DegradationLevel.Broken, NormalShare: < 1 } ? new ForcedBreak(fleet.NormalShare, fleet.Reason, fleet.By) : null;
        lock (_forcing)
        {
            var before = Forced.Current;
            if (now == before)
            {
                return;
            }

            Forced.Current = now;
            foreach (var breaker in Breakers)
            {
                breaker.NoteForced(before, now);
            }
        }
    }

    /// <summary>What a call to it goes through now: tiers, numbers and live state.</summary>
    public PipelineDescription Describe() => PipelineDescription.Of(this);

    internal void OnTransition(BreakerTransition transition)
    {
        Metrics.Moved(transition);
        if (_logger is not null)
        {
            LogTransition(_logger, Name, transition.Channel.ToName(), transition.From, transition.To, transition.Reason, transition.Actor ?? "itself");
        }
    }

    [LoggerMessage(LogLevel.Warning, "Breaker of {Dependency} ({Channel}): {From} -> {To}, {Reason} (by {Actor})")]
    private static partial void LogTransition(
        ILogger logger, string dependency, string channel, BreakerState from, BreakerState to, string reason, string actor);
}
