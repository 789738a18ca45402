using System.Globalization;

namespace ResilientShop.Resilience.Testing;

/// <summary>
/// Assertions about the control headers (<see cref="ResilienceHeaders"/>) that reached a <see cref="ScriptedDependency"/>. Each returns the
/// dependency, for the
/// next one, and throws a <see cref="ResilienceAssertionException"/> with the whole record. Thread-safe.
/// </summary>
public static class HeaderAssertions
{
    /// <summary>The times left that the attempts sent in <see cref="ResilienceHeaders.DeadlineMs"/>, in whole milliseconds.</summary>
    /// <exception cref="ResilienceAssertionException">They differ, or an attempt sent none.</exception>
    public static ScriptedDependency ShouldHaveSentDeadlines(this ScriptedDependency dependency, params TimeSpan[] timesLeft)
    {
        ArgumentNullException.ThrowIfNull(dependency);
        ArgumentNullException.ThrowIfNull(timesLeft);
        var attempts = dependency.Attempts;
        var sent = attempts.Select(attempt => attempt.Request.TimeLeft).ToList();
        return dependency.Require(
            sent.SequenceEqual(timesLeft.Select(time => (TimeSpan?)time)),
            $"Expected deadlines of {Timeline.List(timesLeft)}",
            $"they were [{string.Join(", ", sent.Select(time => time is { } left ? Timeline.Milliseconds(left) : "none"))}] ms",
            attempts);
    }

    /// <summary>
    /// Every attempt sent a deadline, and none promised more time than was left of the budget. The budget counts from the start of the first attempt.
    /// </summary>
    /// <exception cref="ResilienceAssertionException">An attempt sent none, or one beyond what was left, or there was no attempt.</exception>
    public static ScriptedDependency ShouldHaveSentDeadlinesWithin(this ScriptedDependency dependency, TimeSpan budget)
    {
        ArgumentNullException.ThrowIfNull(dependency);
        var attempts = dependency.Attempts;
        var expected = $"Expected every deadline to be within the budget of {Timeline.Milliseconds(budget)} ms";
        dependency.Require(attempts.Count > 0, expected, "there was no attempt", attempts);
        foreach (var attempt in attempts)
        {
            var left = budget - (attempt.StartedAt - attempts[0].StartedAt);
            var sent = attempt.Request.TimeLeft;
            dependency.Require(
                sent is not null && sent <= left,
                expected,
                string.Create(CultureInfo.InvariantCulture, $"attempt {attempt.Number} sent {(sent is { } time ? Timeline.Milliseconds(time) + " ms" : "none")} ")
                    + $"when {Timeline.Milliseconds(left)} ms were left",
                attempts);
        }

        return dependency;
    }

    /// <summary>The numbers that the attempts sent in <see cref="ResilienceHeaders.RetryAttempt"/>; an absent header counts as 0.</summary>
    /// <exception cref="ResilienceAssertionException">They differ, or a header is no number.</exception>
    public static ScriptedDependency ShouldHaveSentRetryAttempts(this ScriptedDependency dependency, params int[] numbers)
    {
        ArgumentNullException.ThrowIfNull(dependency);
        ArgumentNullException.ThrowIfNull(numbers);
        var attempts = dependency.Attempts;
        var sent = attempts.Select(attempt => attempt.Request.RetryAttempt).ToList();
        return dependency.Require(
            sent.SequenceEqual(numbers.Select(number => (int?)number)),
            $"Expected retry attempts [{string.Join(", ", numbers)}]",
            $"they were [{string.Join(", ", sent.Select(number => number?.ToString(CultureInfo.InvariantCulture) ?? "no number"))}]",
            attempts);
    }

    /// <summary>Every attempt carried an <see cref="ResilienceHeaders.IdempotencyKey"/>, and all the same one.</summary>
    /// <exception cref="ResilienceAssertionException">An attempt carried none, they differ, or there was no attempt.</exception>
    public static ScriptedDependency ShouldHaveSentOneIdempotencyKey(this ScriptedDependency dependency)
    {
        ArgumentNullException.ThrowIfNull(dependency);
        var attempts = dependency.Attempts;
        var keys = attempts.Select(attempt => attempt.Request.IdempotencyKey).Distinct().ToList();
        return dependency.Require(
            keys is [not null],
            "Expected one idempotency key on all attempts",
            $"they were [{string.Join(", ", keys.Select(key => key ?? "none"))}]",
            attempts);
    }
}
