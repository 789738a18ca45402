using System.Globalization;
using System.Security;
using System.Text;
using Replay.Load;

namespace Replay.Drills;

/// <summary>Draws the orders of a drill as SVG: the share of those sent in each span of time that were confirmed in the end, over the phases of the drill.</summary>
internal static class DrillChart
{
    private const int Span = 3;
    private const int Width = 900;
    private const int Height = 320;
    private const int Left = 60;
    private const int Right = 20;
    private const int Top = 50;
    private const int Bottom = 50;

    /// <summary>Draws it.</summary>
    public static string Draw(DrillRun run, IReadOnlyList<OrderRun> orders, TimeProvider time)
    {
        var length = run.Drill.Orders.TotalSeconds;
        var spans = orders
            .GroupBy(order => (int)(time.GetElapsedTime(run.Start, order.SentAt).TotalSeconds / Span))
            .Where(span => span.Key * Span < length)
            .OrderBy(span => span.Key)
            .Select(span => (At: (span.Key + 0.5) * Span, Share: span.Count(order => order.Status == OrderStatus.Confirmed) / (double)span.Count()))
            .ToList();
        var svg = new StringBuilder();
        svg.AppendLine(Text($"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {Width} {Height}\" font-family=\"system-ui, sans-serif\" font-size=\"13\">"));
        svg.AppendLine(Text($"<title>{run.Drill.Name}: share of the orders that were confirmed in the end, by when they were sent</title>"));
        svg.AppendLine(Text($"<rect width=\"{Width}\" height=\"{Height}\" fill=\"#ffffff\"/>"));
        foreach (var phase in run.Drill.Phases)
        {
            var (from, to) = (X(phase.From.TotalSeconds), X(phase.To.TotalSeconds));
            svg.AppendLine(Text($"<rect x=\"{from:0.#}\" y=\"{Top}\" width=\"{to - from:0.#}\" height=\"{Height - Top - Bottom}\" fill=\"{(phase.Name.Contains("fault", StringComparison.Ordinal) ? "#fdecea" : "#eef6ee")}\"/>"));
            svg.AppendLine(Text($"<text x=\"{(from + to) / 2:0.#}\" y=\"{Top - 10}\" text-anchor=\"middle\" fill=\"#333333\">{SecurityElement.Escape(phase.Name)}</text>"));
        }

        foreach (var share in new[] { 0.0, 0.25, 0.5, 0.75, 1.0 })
        {
            svg.AppendLine(Text($"<line x1=\"{Left}\" y1=\"{Y(share):0.#}\" x2=\"{Width - Right}\" y2=\"{Y(share):0.#}\" stroke=\"#cccccc\"/>"));
            svg.AppendLine(Text($"<text x=\"{Left - 8}\" y=\"{Y(share) + 4:0.#}\" text-anchor=\"end\" fill=\"#333333\">{share * 100:0} %</text>"));
        }

        for (var second = 0; second <= length; second += 15)
        {
            svg.AppendLine(Text($"<text x=\"{X(second):0.#}\" y=\"{Height - Bottom + 20}\" text-anchor=\"{(second + 15 > length ? "end" : "middle")}\" fill=\"#333333\">{second} s</text>"));
        }

        svg.AppendLine(Text($"<polyline fill=\"none\" stroke=\"#1a5fb4\" stroke-width=\"2\" points=\"{string.Join(' ', spans.Select(span => Text($"{X(span.At):0.#},{Y(span.Share):0.#}")))}\"/>"));
        svg.AppendLine(Text($"<text x=\"{Left}\" y=\"{Height - 8}\" fill=\"#333333\">Share of the orders sent in each {Span} s that were confirmed in the end</text>"));
        svg.AppendLine("</svg>");
        return svg.ToString();

        double X(double second) => Left + (second / length * (Width - Left - Right));
    }

    private static double Y(double share) => Top + ((1 - share) * (Height - Top - Bottom));

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
