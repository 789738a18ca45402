using System.Globalization;

namespace Replay;

/// <summary>Writes numbers for people: no trailing zeros, no thousands separators, always a decimal point.</summary>
internal static class Figures
{
    /// <summary><c>12.500</c> as <c>12.5</c>.</summary>
    public static string Plain(this decimal value) => value.ToString("0.############", CultureInfo.InvariantCulture);

    /// <summary>Milliseconds with one decimal.</summary>
    public static double Milliseconds(this TimeSpan value) => Math.Round(value.TotalMilliseconds, 1);
}
