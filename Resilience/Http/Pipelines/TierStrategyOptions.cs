using System.ComponentModel.DataAnnotations;
using Polly;

namespace ResilientShop.Resilience.Http;

/// <summary>The tiers as a strategy of a Polly v8 pipeline.</summary>
/// <typeparam name="TResult">The pipeline's result.</typeparam>
public sealed class TierStrategyOptions<TResult> : ResilienceStrategyOptions
{
    /// <summary>Named <c>Tiers</c> in Polly's telemetry.</summary>
    public TierStrategyOptions() => Name = "Tiers";

    /// <summary>What the pipeline calls.</summary>
    [Required]
    public Dependency? Dependency { get; set; }

    /// <summary>Judges a result; by default every result is a success.</summary>
    [Required]
    public Func<TResult, FailureClassifier, Verdict> Judge { get; set; } = static (_, _) => Verdict.Success;

    /// <summary>What happens when the callback runs twice; by default it must not, unless the request certainly never left.</summary>
    public Idempotency Idempotency { get; set; }
}
