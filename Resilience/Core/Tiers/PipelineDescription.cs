using System.Globalization;

namespace ResilientShop.Resilience;

/// <summary>
/// What a call to a dependency goes through, and in what state that is now. Tests, consoles and people read this instead of private fields. Immutable.
/// </summary>
/// <param name="Dependency">Name of the dependency.</param>
/// <param name="Policy">Every number in force.</param>
/// <param name="MostAttempts">The most requests that one call can become.</param>
/// <param name="Breakers">State of the breaker on each channel; empty without one.</param>
/// <param name="Budget">State of the retry budget; null without one.</param>
public sealed record PipelineDescription(
    string Dependency, DependencyPolicy Policy, int MostAttempts, IReadOnlyList<BreakerDescription> Breakers, BudgetDescription? Budget)
{
    internal static PipelineDescription Of(Dependency dependency)
    {
        var snapshot = dependency.Snapshot;
        CircuitBreaker?[] breakers = [snapshot.Stable, snapshot.Canary];
        return new PipelineDescription(
            dependency.Name,
            snapshot.Policy,
            snapshot.Policy.MostAttempts,
            [.. breakers.OfType<CircuitBreaker>().Select(BreakerDescription.Of)],
            snapshot.Budget is { } budget ? new BudgetDescription(budget.Sample.Requests, budget.Sample.Retries, budget.Refusals) : null);
    }

    /// <summary>One line for people.</summary>
    public override string ToString()
    {
        var l1 = Policy.L1 is { } first
            ? Text($"L1 {first.MaxAttempts} x {first.AttemptTimeout.TotalMilliseconds} ms in {first.Window.TotalMilliseconds} ms")
            : "L1 off";
        var l2 = Text($"L2 {Policy.L2.MaxAttempts} attempts of {Policy.AttemptTimeout.TotalMilliseconds} ms, waits {Describe(Policy.L2.Backoff)}");
        var breaker = Policy.Breaker is { } rule
            ? Text($"breaker {rule.FailureRatio:P0} of {rule.MinimumThroughput}+ in {rule.Sampling.TotalSeconds} s, open {rule.Break.TotalSeconds} s, {Breakers[0].State}")
            : "no breaker";
        var budget = Policy.RetryBudget is { } share ? Text($"retries {share.Ratio:P0}, at least {share.Floor}") : "no retry budget";
        return Text($"{Dependency}: {Policy.Total.TotalMilliseconds} ms in all | {l1} | {l2} | {breaker} | {budget}");
    }

    private static string Describe(BackoffPolicy backoff) => backoff.Kind == BackoffKind.None
        ? "none"
        : Text($"{backoff.BaseDelay.TotalMilliseconds} ms x {backoff.Factor} {backoff.Kind}");

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}

/// <summary>A breaker as it is now.</summary>
/// <param name="Channel">Release channel.</param>
/// <param name="State">State.</param>
/// <param name="Attempts">Attempts within the sampling time.</param>
/// <param name="Failures">Failed ones among them.</param>
/// <param name="Refusals">Calls refused since the start.</param>
/// <param name="History">The last changes of state, oldest first.</param>
public sealed record BreakerDescription(
    ReleaseChannel Channel, BreakerState State, long Attempts, long Failures, long Refusals, IReadOnlyList<BreakerTransition> History)
{
    internal static BreakerDescription Of(CircuitBreaker breaker)
    {
        var (attempts, failures) = breaker.Sample;
        return new BreakerDescription(breaker.Channel, breaker.State, attempts, failures, breaker.Refusals, breaker.History);
    }
}

/// <summary>A retry budget as it is now.</summary>
/// <param name="Requests">Requests within the window.</param>
/// <param name="Retries">Retries within the window.</param>
/// <param name="Refusals">Retries refused since the start.</param>
public sealed record BudgetDescription(long Requests, long Retries, long Refusals);
