using System.Globalization;

namespace Policy.Output;

/// <summary>Times as people at this machine read them.</summary>
internal static class LocalTime
{
    /// <summary>A time in the clock's own zone, to the second; '-' when it is not known.</summary>
    public static string Local(this TimeProvider time, DateTimeOffset? at) => at is { } known
        ? TimeZoneInfo.ConvertTime(known, time.LocalTimeZone).ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture)
        : "-";
}
