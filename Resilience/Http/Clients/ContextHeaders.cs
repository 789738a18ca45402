using System.Globalization;
using System.Net.Http.Headers;

namespace ResilientShop.Resilience.Http;

/// <summary>Tells the callee how long its caller waits, whether it is retrying, and for which release it asks.</summary>
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
    }

    private static void Set(HttpRequestHeaders headers, string name, string value)
    {
        headers.Remove(name);
        headers.TryAddWithoutValidation(name, value);
    }
}
