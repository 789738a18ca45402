using System.Diagnostics;

namespace ResilientShop.Resilience;

/// <summary>
/// What a trace shows of the tiers: a span for each retry, its wait included, around the attempt's own; a span for a call that was refused; and the sum
/// on the caller's span. Calls that work at once leave nothing, and outside a trace nothing is made.
/// </summary>
internal static class CallSpans
{
    public static Activity? StartRetry(Dependency dependency, ReleaseChannel channel, Tier tier, string reason, int retry, TimeSpan backoff)
    {
        if (Activity.Current is not { } caller)
        {
            return null;
        }

        caller.SetTag("retry.count", retry);
        var span = ResilienceMetrics.Source.StartActivity($"retry {dependency.Name}");
        Tag(span, dependency.Name, channel);
        span?.SetTag("resilience.tier", tier.ToName())
            .SetTag("retry.count", retry)
            .SetTag("retry.backoff.ms", backoff.TotalMilliseconds)
            .SetTag("retry.reason", reason);
        return span;
    }

    public static void Refused(in Refusal refusal)
    {
        if (Activity.Current is not { } caller)
        {
            return;
        }

        caller.SetTag("error.type", refusal.Code);
        using var span = ResilienceMetrics.Source.StartActivity($"refused {refusal.Dependency}");
        Tag(span, refusal.Dependency, refusal.Channel);
        span?.SetTag("error.type", refusal.Code)
            .SetTag("retry.count", Math.Max(0, refusal.Attempts - 1))
            .SetTag("resilience.time_left.ms", refusal.TimeLeft.TotalMilliseconds)
            .SetTag("resilience.last_cause", refusal.LastCause)
            .SetStatus(ActivityStatusCode.Error, refusal.Describe());
    }

    /// <summary>A retry that was wanted and not made, on the caller's span.</summary>
    public static void NotRetried(string why) => Activity.Current?.SetTag("retry.stopped", why);

    public static void EndRetry(Activity? span, in Verdict verdict)
    {
        if (span is null)
        {
            return;
        }

        if (verdict.Outcome != AttemptOutcome.Success)
        {
            span.SetTag("error.type", verdict.Reason).SetStatus(ActivityStatusCode.Error);
        }

        span.Dispose();
    }

    private static void Tag(Activity? span, string dependency, ReleaseChannel channel) =>
        span?.SetTag("resilience.dependency", dependency).SetTag("resilience.channel", channel.ToName());
}
