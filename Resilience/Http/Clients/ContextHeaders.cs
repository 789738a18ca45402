using System.Globalization;
using System.Net.Http.Headers;

namespace ResilientShop.Resilience.Http;

/// <summary>Tells the callee how long its caller waits, whether it is retrying, for which release it asks, and whether it is a trial of the callee's recovery.</summary>
internal static class ContextHeaders
{
    public static void Write(HttpRequestHeaders headers, in Attempt attempt)
    {
        Set(headers, ResilienceHeaders.DeadlineMs, Deadline.ToHeaderValue(attempt.Timeout));
        if (attempt.AnnouncedNumber > 0)
        {
            Set(headers, ResilienceHeaders.RetryAttempt, attempt.AnnouncedNumber.ToString(CultureInfo.InvariantCulture));
        }

        if (CallContext.Current.Channel == ReleaseChannel.Canary)
        {
            Set(headers, ResilienceHeaders.ReleaseChannel, ReleaseChannel.Canary.ToName());
        }

        WriteTrial(headers, attempt);
    }

    /// <summary>Only that it is a trial.</summary>
    public static void WriteTrial(HttpRequestHeaders headers, in Attempt attempt)
    {
        if (attempt.IsTrial)
        {
            Set(headers, ResilienceHeaders.RecoveryTrial, ResilienceHeaders.RecoveryTrialValue);
        }
    }

    private static void Set(HttpRequestHeaders headers, string name, string value)
    {
        headers.Remove(name);
        headers.TryAddWithoutValidation(name, value);
    }
}
