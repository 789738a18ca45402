using Polly;
using Polly.Timeout;

namespace ResilientShop.Resilience.Http;

/// <summary>Adds the tiers to Polly v8 pipelines.</summary>
public static class TierPipelineBuilderExtensions
{
    internal static readonly ResiliencePropertyKey<TimeSpan> AttemptTimeout = new("ResilientShop.AttemptTimeout");

    /// <summary>
    /// Adds tiers L1 and L2, and below them Polly's timeout strategy, which cuts each attempt at the time that the tiers grant it. Strategies added before
    /// see one call, strategies added afterwards see each attempt.
    /// </summary>
    public static ResiliencePipelineBuilder<TResult> AddTiers<TResult>(this ResiliencePipelineBuilder<TResult> builder, TierStrategyOptions<TResult> options)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(options);
        return builder
            .AddStrategy(_ => new TierStrategy<TResult>(options), options)
            .AddTimeout(new TimeoutStrategyOptions
            {
                Name = "Attempt",
                TimeoutGenerator = static arguments => new ValueTask<TimeSpan>(arguments.Context.Properties.GetValue(AttemptTimeout, Timeout.InfiniteTimeSpan)),
            });
    }
}
