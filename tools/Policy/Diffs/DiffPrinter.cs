using System.Text;
using Policy.Output;

namespace Policy.Diffs;

/// <summary>Prints what differs between two states, scope by scope.</summary>
internal static class DiffPrinter
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Whether they differ.</summary>
    public static bool Print(PolicyConsole console, StoredPolicies before, StoredPolicies after, string? nameAfter = null)
    {
        var old = before.Sources.ToDictionary(source => source.Scope, StringComparer.Ordinal);
        var current = after.Sources.ToDictionary(source => source.Scope, StringComparer.Ordinal);
        var differs = false;
        foreach (var scope in old.Keys.Union(current.Keys).Order(StringComparer.Ordinal))
        {
            var (from, to) = (old.GetValueOrDefault(scope), current.GetValueOrDefault(scope));
            if (IsSame(from, to))
            {
                continue;
            }

            differs = true;
            console.Out.WriteLine(console.Paint(Ink.Cyan, $"--- {Name(from, scope, FormattableString.Invariant($"revision {before.Revision}"))}"));
            console.Out.WriteLine(console.Paint(Ink.Cyan, $"+++ {Name(to, scope, nameAfter ?? FormattableString.Invariant($"revision {after.Revision}"))}"));
            PrintText(console, from, to);
        }

        return differs;
    }

    private static bool IsSame(PolicySource? from, PolicySource? to) =>
        from is not null && to is not null && from.Problem?.Value == to.Problem?.Value && from.Content.Span.SequenceEqual(to.Content.Span);

    private static string Name(PolicySource? source, string scope, string state) => source is null ? "/dev/null" : $"{PolicyConsole.Printable(scope)}\t{state}";

    private static void PrintText(PolicyConsole console, PolicySource? from, PolicySource? to)
    {
        if (TextOf(from) is not { } before || TextOf(to) is not { } after)
        {
            console.Out.WriteLine("(not to be shown: no text in UTF-8)");
            return;
        }

        foreach (var line in UnifiedDiff.Hunks(before, after))
        {
            var shown = console.OutIsTerminal ? PolicyConsole.Printable(line) : line;
            console.Out.WriteLine(line[0] switch
            {
                '-' => console.Paint(Ink.Red, shown),
                '+' => console.Paint(Ink.Green, shown),
                '@' => console.Paint(Ink.Cyan, shown),
                _ => shown,
            });
        }
    }

    /// <summary>Null when there is something that is no text.</summary>
    private static string? TextOf(PolicySource? source)
    {
        if (source?.Problem is not null)
        {
            return null;
        }

        try
        {
            return source is null ? "" : Strict.GetString(source.Content.Span);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }
}
