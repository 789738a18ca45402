using System.Globalization;

namespace ResilientShop.Resilience.Policies;

/// <summary>Times as policies write them.</summary>
internal static class Milliseconds
{
    /// <summary>The longest time that a key takes.</summary>
    public static readonly TimeSpan Longest = RoutePolicy.LongestSla;

    /// <summary>Exact to a tenth; tiny ones to the tick.</summary>
    public static string Text(TimeSpan time) =>
        time.TotalMilliseconds.ToString(time < TimeSpan.FromMilliseconds(1) ? "0.####" : "0.#", CultureInfo.InvariantCulture);

    /// <summary>The next whole number of milliseconds, not below <paramref name="time"/>.</summary>
    public static TimeSpan Up(TimeSpan time) =>
        TimeSpan.FromTicks((time.Ticks + TimeSpan.TicksPerMillisecond - 1) / TimeSpan.TicksPerMillisecond * TimeSpan.TicksPerMillisecond);

    /// <summary>The last whole number of milliseconds, not above <paramref name="time"/>; where that is none, the time itself.</summary>
    public static TimeSpan Down(TimeSpan time) =>
        time.Ticks < TimeSpan.TicksPerMillisecond ? time : TimeSpan.FromTicks(time.Ticks / TimeSpan.TicksPerMillisecond * TimeSpan.TicksPerMillisecond);
}
