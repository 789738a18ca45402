namespace ResilientShop.Resilience;

/// <summary>What a call reads once when it starts and keeps to its end. Immutable but for the state inside breakers and budget.</summary>
internal sealed class DependencySnapshot
{
    public DependencySnapshot(Dependency dependency, DependencyPolicy policy, DependencySnapshot? previous)
    {
        var time = dependency.Time;
        (Dependency, Policy) = (dependency, policy);
        Classifier = previous is not null && previous.Policy.RetryOn == policy.RetryOn ? previous.Classifier : new FailureClassifier(policy.RetryOn);
        var keepsBreakers = previous is not null && previous.Policy.Breaker == policy.Breaker;
        Stable = keepsBreakers ? previous!.Stable : NewBreaker(ReleaseChannel.Stable);
        Canary = keepsBreakers ? previous!.Canary : NewBreaker(ReleaseChannel.Canary);
        Budget = previous is not null && previous.Policy.RetryBudget == policy.RetryBudget ? previous.Budget
            : policy.RetryBudget is { } budget ? new RetryBudget(budget, time) : null;
        Total = Stamps.From(policy.Total, time);
        Reserve = Stamps.From(policy.Reserve, time);
        MinTimeLeft = Stamps.From(policy.MinTimeLeft, time);
        AttemptTimeout = Stamps.From(policy.AttemptTimeout, time);
        Window = policy.L1 is { } l1 ? Stamps.From(l1.Window, time) : long.MaxValue;
    }

    public Dependency Dependency { get; }

    public DependencyPolicy Policy { get; }

    public FailureClassifier Classifier { get; }

    public CircuitBreaker? Stable { get; }

    public CircuitBreaker? Canary { get; }

    public RetryBudget? Budget { get; }

    // The policy's times in the clock's own unit, so that a call does no arithmetic on them.
    public long Total { get; }

    public long Reserve { get; }

    public long MinTimeLeft { get; }

    public long AttemptTimeout { get; }

    public long Window { get; }

    public CircuitBreaker? Breaker(ReleaseChannel channel) => channel == ReleaseChannel.Stable ? Stable : Canary;

    private CircuitBreaker? NewBreaker(ReleaseChannel channel) => Policy.Breaker is { } breaker
        ? new CircuitBreaker(Dependency.Name, channel, breaker, Dependency.Time, Dependency.OnTransition, Dependency.Forced)
        : null;
}
