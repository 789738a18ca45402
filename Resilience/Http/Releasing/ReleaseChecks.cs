namespace ResilientShop.Resilience.Http;

/// <summary>Tells the gate what a caller thinks of an answer: its shape, and whether it says what it must.</summary>
public static class ReleaseChecks
{
    internal static readonly HttpRequestOptionsKey<ServedBy> Served = new("resilience.release");

    /// <summary>
    /// Counts a check of an answer for the release that gave it, in <c>resilience.release.check.count</c>. Without a canary there is nothing to compare, and nothing is counted.
    /// </summary>
    /// <param name="answer">The answer, of a client with tiers.</param>
    /// <param name="check">What was checked, for example <c>shape</c>. Few names: each is a series.</param>
    /// <param name="hasPassed">Whether it was right.</param>
    public static void CountReleaseCheck(this HttpResponseMessage answer, string check, bool hasPassed)
    {
        ArgumentNullException.ThrowIfNull(answer);
        ArgumentException.ThrowIfNullOrWhiteSpace(check);
        if (answer.RequestMessage?.Options.TryGetValue(Served, out var served) == true)
        {
            served.Dependency.Metrics.ReleaseChecked(served.Dependency.Name, served.Channel, hasPassed, check: check);
        }
    }

    /// <summary>The release that gave an answer; stable where the dependency has no canary.</summary>
    public static ReleaseChannel ServedByRelease(this HttpResponseMessage answer)
    {
        ArgumentNullException.ThrowIfNull(answer);
        return answer.RequestMessage?.Options.TryGetValue(Served, out var served) == true ? served.Channel : ReleaseChannel.Stable;
    }
}

/// <summary>Which release a request went to.</summary>
internal sealed record ServedBy(Dependency Dependency, ReleaseChannel Channel);
