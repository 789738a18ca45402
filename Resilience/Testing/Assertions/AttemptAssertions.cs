namespace ResilientShop.Resilience.Testing;

/// <summary>
/// Assertions about the attempts that a <see cref="ScriptedDependency"/> or <see cref="ScriptedOperation{T}"/> has recorded. Each returns what it was
/// called on, for the next one, and throws a <see cref="ResilienceAssertionException"/> with the whole record. Thread-safe.
/// </summary>
public static class AttemptAssertions
{
    // Timers of the framework count whole milliseconds, so a wait that was computed in ticks comes out up to one shorter.
    private static readonly TimeSpan Tolerance = TimeSpan.FromMilliseconds(1);

    /// <summary>There were so many attempts, the first one included.</summary>
    /// <exception cref="ResilienceAssertionException">There were more or fewer.</exception>
    public static TScripted ShouldHaveAttempts<TScripted>(this TScripted scripted, int expected)
        where TScripted : IScripted
    {
        var attempts = scripted.Attempts;
        return scripted.Require(attempts.Count == expected, $"Expected {expected} attempts", $"there were {attempts.Count}", attempts);
    }

    /// <summary>So many attempts were carried out. <c>ShouldHaveActed(times: 1)</c> is what safe retries promise.</summary>
    /// <exception cref="ResilienceAssertionException">It were more or fewer.</exception>
    public static TScripted ShouldHaveActed<TScripted>(this TScripted scripted, int times)
        where TScripted : IScripted
    {
        var attempts = scripted.Attempts;
        var acted = attempts.Count(attempt => attempt.Acted);
        return scripted.Require(acted == times, $"Expected {times} attempts to be carried out", $"{acted} were", attempts);
    }

    /// <summary>
    /// The waits from the end of each attempt to the start of the next one, to a millisecond, because timers drop its fractions. As many waits as
    /// there were attempts after the first one.
    /// </summary>
    /// <exception cref="ResilienceAssertionException">The waits differ, or an attempt before the last one is still under way.</exception>
    public static TScripted ShouldHaveWaited<TScripted>(this TScripted scripted, params TimeSpan[] backoffs)
        where TScripted : IScripted
    {
        ArgumentNullException.ThrowIfNull(backoffs);
        var attempts = scripted.Attempts;
        var waits = WaitsOf(attempts);
        var agrees = waits is not null && waits.Count == backoffs.Length
            && waits.Zip(backoffs).All(pair => (pair.First - pair.Second).Duration() < Tolerance);
        return scripted.Require(agrees, $"Expected waits of {Timeline.List(backoffs)}", Found(waits), attempts);
    }

    /// <summary>
    /// The waits from the end of each attempt to the start of the next one are in these ranges, both ends included, to a millisecond: for backoff
    /// with jitter.
    /// </summary>
    /// <exception cref="ResilienceAssertionException">A wait is outside, there are more or fewer, or an attempt before the last one is under
    /// way.</exception>
    public static TScripted ShouldHaveWaitedBetween<TScripted>(this TScripted scripted, params (TimeSpan Min, TimeSpan Max)[] ranges)
        where TScripted : IScripted
    {
        ArgumentNullException.ThrowIfNull(ranges);
        var attempts = scripted.Attempts;
        var waits = WaitsOf(attempts);
        var agrees = waits is not null && waits.Count == ranges.Length
            && waits.Zip(ranges).All(pair => pair.First > pair.Second.Min - Tolerance && pair.First < pair.Second.Max + Tolerance);
        var expected = string.Join(", ", ranges.Select(range => $"{Timeline.Milliseconds(range.Min)}..{Timeline.Milliseconds(range.Max)}"));
        return scripted.Require(agrees, $"Expected waits of [{expected}] ms", Found(waits), attempts);
    }

    /// <summary>When the attempts started, counted from the start of the first one, to a millisecond: for hedging, whose attempts overlap.</summary>
    /// <exception cref="ResilienceAssertionException">The starts differ.</exception>
    public static TScripted ShouldHaveStartedAt<TScripted>(this TScripted scripted, params TimeSpan[] starts)
        where TScripted : IScripted
    {
        ArgumentNullException.ThrowIfNull(starts);
        var attempts = scripted.Attempts;
        var found = attempts.Select(attempt => attempt.StartedAt - attempts[0].StartedAt).ToList();
        var agrees = found.Count == starts.Length && found.Zip(starts).All(pair => (pair.First - pair.Second).Duration() < Tolerance);
        return scripted.Require(agrees, $"Expected attempts to start at {Timeline.List(starts)}", $"they did at {Timeline.List(found)}", attempts);
    }

    /// <summary>All attempts have ended, the last one at most so long after the first one started.</summary>
    /// <exception cref="ResilienceAssertionException">It took longer, an attempt is under way, or there was none.</exception>
    public static TScripted ShouldHaveEndedWithin<TScripted>(this TScripted scripted, TimeSpan limit)
        where TScripted : IScripted
    {
        var attempts = scripted.Attempts;
        var expected = $"Expected all attempts to end within {Timeline.Milliseconds(limit)} ms";
        if (attempts.Count == 0 || attempts.Any(attempt => attempt.EndedAt is null))
        {
            return scripted.Require(false, expected, attempts.Count == 0 ? "there was none" : "not all have ended", attempts);
        }

        var took = attempts.Max(attempt => attempt.EndedAt!.Value) - attempts[0].StartedAt;
        return scripted.Require(took <= limit, expected, $"it took {Timeline.Milliseconds(took)} ms", attempts);
    }

    private static string Found(List<TimeSpan>? waits) =>
        waits is null ? "an attempt before the last one has not ended" : $"they were {Timeline.List(waits)}";

    private static List<TimeSpan>? WaitsOf(IReadOnlyList<RecordedAttempt> attempts)
    {
        var waits = new List<TimeSpan>();
        for (var next = 1; next < attempts.Count; next++)
        {
            if (attempts[next - 1].EndedAt is not { } ended)
            {
                return null;
            }

            waits.Add(attempts[next].StartedAt - ended);
        }

        return waits;
    }
}
