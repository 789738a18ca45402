using System.Globalization;
using System.Text.Json;

namespace Replay.OwnShop;

/// <summary>Reads what services expose for Prometheus, and what Prometheus remembers of it. Pure.</summary>
internal static class PrometheusText
{
    /// <summary>Values of all series of a metric, in the text that a service exposes.</summary>
    public static IReadOnlyList<double> Values(string exposition, string metric) =>
    [
        .. exposition.Split('\n')
            .Where(line => line.StartsWith(metric, StringComparison.Ordinal) && line.Length > metric.Length && line[metric.Length] is '{' or ' ')
            .Select(line => line[(line.LastIndexOf('}') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Select(words => words.FirstOrDefault(word => char.IsAsciiDigit(word[0]) || word[0] is '-'))
            .Where(word => word is not null)
            .Select(word => double.Parse(word!, CultureInfo.InvariantCulture)),
    ];

    /// <summary>
    /// By how much counters grew, from Prometheus's answer to a query of a range of raw samples. A value below the last one is a process that began again at
    /// zero. What a process counted between its last scrape and its death was seen by nobody, so this is a lower limit.
    /// </summary>
    public static double Growth(string answer)
    {
        using var document = JsonDocument.Parse(answer);
        var growth = 0d;
        foreach (var series in document.RootElement.GetProperty("data").GetProperty("result").EnumerateArray())
        {
            var last = 0d;
            foreach (var sample in series.GetProperty("values").EnumerateArray())
            {
                var value = double.Parse(sample[1].GetString()!, CultureInfo.InvariantCulture);
                growth += value >= last ? value - last : value;
                last = value;
            }
        }

        return growth;
    }
}
