using System.Globalization;
using System.Text;

namespace ResilientShop.Resilience.Testing;

/// <summary>Recorded attempts as a table for people to read.</summary>
internal static class Timeline
{
    private static readonly string[] Columns = ["attempt", "started ms", "took ms", "outcome", "acted", "deadline ms", "retry attempt"];

    /// <summary>"What was expected, but what was found", and the whole record below.</summary>
    public static string Failure(string expected, string found, IReadOnlyList<RecordedAttempt> attempts) =>
        $"{expected}, but {found}.{Environment.NewLine}{Environment.NewLine}{Format(attempts)}";

    public static string Format(IReadOnlyList<RecordedAttempt> attempts)
    {
        if (attempts.Count == 0)
        {
            return "No attempt was recorded.";
        }

        string[][] rows = [Columns, .. attempts.Select(CellsOf)];
        var widths = Columns.Select((_, column) => rows.Max(row => row[column].Length)).ToArray();
        var table = new StringBuilder();
        foreach (var row in rows)
        {
            var cells = row.Select((cell, column) => column == 3 ? cell.PadRight(widths[column]) : cell.PadLeft(widths[column]));
            table.Append("  ").AppendJoin("  ", cells).AppendLine();
        }

        return table.ToString();
    }

    public static string Milliseconds(TimeSpan time) => time.TotalMilliseconds.ToString("0.####", CultureInfo.InvariantCulture);

    public static string List(IEnumerable<TimeSpan> times) => $"[{string.Join(", ", times.Select(Milliseconds))}] ms";

    public static string Describe(Exception error) => error switch
    {
        HttpRequestException { HttpRequestError: not HttpRequestError.Unknown and var kind } => $"{nameof(HttpRequestException)} ({kind})",
        HttpRequestException { StatusCode: { } status } => $"{nameof(HttpRequestException)} ({(int)status})",
        _ => error.GetType().Name,
    };

    private static string[] CellsOf(RecordedAttempt attempt)
    {
        var headers = attempt.RequestOrNull?.Headers;
        return
        [
            attempt.Number.ToString(CultureInfo.InvariantCulture),
            Milliseconds(attempt.StartedAt),
            attempt.Took is { } took ? Milliseconds(took) : "-",
            attempt.Outcome,
            attempt.Acted ? "yes" : "no",
            headers?.GetValueOrDefault(ResilienceHeaders.DeadlineMs) ?? "-",
            headers?.GetValueOrDefault(ResilienceHeaders.RetryAttempt) ?? "-",
        ];
    }
}
