namespace ResilientShop.Resilience.Testing;

/// <summary>Assertions about a <see cref="VirtualClock"/>. Thread-safe.</summary>
public static class ClockAssertions
{
    /// <summary>
    /// No timer is left: every timeout was disposed of, every delay and loop has ended. A timeout that is not disposed of keeps its memory until
    /// it fires, which under load is a leak.
    /// </summary>
    /// <returns>The clock, for the next assertion.</returns>
    /// <exception cref="ResilienceAssertionException">Timers are left; the message lists them.</exception>
    public static VirtualClock ShouldHaveNoTimers(this VirtualClock clock)
    {
        ArgumentNullException.ThrowIfNull(clock);
        var timers = clock.DescribeTimers();
        return timers.Count == 0
            ? clock
            : throw new ResilienceAssertionException(
                $"Expected no timers, but {timers.Count} are set:{Environment.NewLine}  {string.Join($"{Environment.NewLine}  ", timers)}");
    }
}
