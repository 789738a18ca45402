using ResilientShop.Resilience;

namespace ResilientShop.ServiceDefaults.Operating;

/// <summary>A dependency's pipeline as <c>GET /resilience</c> shows it; times are in milliseconds.</summary>
internal sealed record PipelineView(
    string Dependency,
    string Summary,
    double TotalMs,
    double AttemptTimeoutMs,
    int MostAttempts,
    IReadOnlyList<BreakerView> Breakers,
    BudgetDescription? RetryBudget)
{
    public static PipelineView Of(Dependency dependency)
    {
        var description = dependency.Describe();
        return new PipelineView(
            description.Dependency,
            description.ToString(),
            description.Policy.Total.TotalMilliseconds,
            description.Policy.AttemptTimeout.TotalMilliseconds,
            description.MostAttempts,
            [.. dependency.Breakers.Select(BreakerView.Of)],
            description.Budget);
    }
}

/// <summary>A breaker as <c>GET /resilience</c> shows it.</summary>
internal sealed record BreakerView(string Channel, string State, long Attempts, long Failures, long Refusals, IReadOnlyList<TransitionView> History)
{
    public static BreakerView Of(CircuitBreaker breaker)
    {
        var (attempts, failures) = breaker.Sample;
        return new BreakerView(
            breaker.Channel.ToName(), breaker.State.ToString(), attempts, failures, breaker.Refusals, [.. breaker.History.Select(TransitionView.Of)]);
    }
}

/// <summary>A change of a breaker's state: the audit trail.</summary>
internal sealed record TransitionView(DateTimeOffset At, string From, string To, string Reason, string? Actor)
{
    public static TransitionView Of(BreakerTransition transition) =>
        new(transition.At, transition.From.ToString(), transition.To.ToString(), transition.Reason, transition.Actor);
}
