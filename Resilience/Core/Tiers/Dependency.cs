using Microsoft.Extensions.Logging;

namespace ResilientShop.Resilience;

/// <summary>
/// Something that this process calls: the policy in force, and the state that all calls to it share (a breaker for each release channel, the retry
/// budget). Reading any of it takes no lock and allocates nothing. Thread-safe.
/// </summary>
public sealed partial class Dependency
{
    private readonly ILogger? _logger;
    private readonly Lock _applying = new();
    private volatile DependencySnapshot _snapshot;

    internal Dependency(string name, DependencyPolicy policy, TimeProvider time, ResilienceMetrics metrics, ILogger? logger)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        (Name, Time, Metrics, _logger) = (name, time, metrics, logger);
        _snapshot = new DependencySnapshot(this, policy.Validated(), previous: null);
    }

    /// <summary>Its name: label in telemetry, key in policies.</summary>
    public string Name { get; }

    /// <summary>The policy in force.</summary>
    public DependencyPolicy Policy => _snapshot.Policy;

    /// <summary>The retry budget, or null where the policy has none.</summary>
    public RetryBudget? Budget => _snapshot.Budget;

    /// <summary>The breakers; none where the policy has none.</summary>
    public IEnumerable<CircuitBreaker> Breakers
    {
        get
        {
            var snapshot = _snapshot;
            return snapshot.Stable is null ? [] : [snapshot.Stable, snapshot.Canary!];
        }
    }

    internal TimeProvider Time { get; }

    internal ResilienceMetrics Metrics { get; }

    internal DependencySnapshot Snapshot => _snapshot;

    /// <summary>The breaker of a channel, or null where the policy has none.</summary>
    public CircuitBreaker? Breaker(ReleaseChannel channel = ReleaseChannel.Stable) => _snapshot.Breaker(channel);

    /// <summary>
    /// Puts another policy in force, whole: calls that have started keep the old one. A breaker or budget whose own numbers did not change keeps its
    /// state. <see cref="DependencyPolicy.Connections"/> cannot change while the process runs.
    /// </summary>
    /// <exception cref="PolicyInvalidException">The policy is wrong; the old one stays.</exception>
    public void Apply(DependencyPolicy policy)
    {
        ArgumentNullException.ThrowIfNull(policy);
        policy.Validated();
        lock (_applying)
        {
            _snapshot = new DependencySnapshot(this, policy, _snapshot);
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
