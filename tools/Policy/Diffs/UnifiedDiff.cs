using DiffPlex;
using DiffPlex.Model;

namespace Policy.Diffs;

/// <summary>The lines of a unified diff of two texts, as <c>diff -u</c> and <c>git diff</c> write it and <c>patch</c> reads it. Pure.</summary>
internal static class UnifiedDiff
{
    private const int Context = 3;
    private const string NoLineEnd = "\\ No newline at end of file";

    /// <summary>The hunks, without the header; nothing when the texts are the same.</summary>
    public static IEnumerable<string> Hunks(string before, string after)
    {
        var diff = Differ.Instance.CreateDiffs(before, after, ignoreWhiteSpace: false, ignoreCase: false, LineChunker.Instance);
        var blocks = diff.DiffBlocks;
        for (var first = 0; first < blocks.Count;)
        {
            var last = first;
            while (last + 1 < blocks.Count && blocks[last + 1].DeleteStartA - End(blocks[last]) <= 2 * Context)
            {
                last++;
            }

            foreach (var line in Hunk(diff, [.. blocks.Skip(first).Take(last - first + 1)]))
            {
                yield return line;
            }

            first = last + 1;
        }
    }

    private static IEnumerable<string> Hunk(DiffResult diff, DiffBlock[] blocks)
    {
        var start = Math.Max(0, blocks[0].DeleteStartA - Context);
        var end = Math.Min(diff.PiecesOld.Count, End(blocks[^1]) + Context);
        // Before the first block both texts are in step.
        var newStart = blocks[0].InsertStartB - (blocks[0].DeleteStartA - start);
        var newCount = end - start + blocks.Sum(block => block.InsertCountB - block.DeleteCountA);
        yield return $"@@ -{Range(start, end - start)} +{Range(newStart, newCount)} @@";

        var at = start;
        foreach (var block in blocks)
        {
            foreach (var line in Lines(' ', diff.PiecesOld, at, block.DeleteStartA - at)
                .Concat(Lines('-', diff.PiecesOld, block.DeleteStartA, block.DeleteCountA))
                .Concat(Lines('+', diff.PiecesNew, block.InsertStartB, block.InsertCountB)))
            {
                yield return line;
            }

            at = End(block);
        }

        foreach (var line in Lines(' ', diff.PiecesOld, at, end - at))
        {
            yield return line;
        }
    }

    private static int End(DiffBlock block) => block.DeleteStartA + block.DeleteCountA;

    // An empty range is numbered by the line before it.
    private static string Range(int start, int count) => FormattableString.Invariant($"{(count == 0 ? start : start + 1)},{count}");

    private static IEnumerable<string> Lines(char mark, IReadOnlyList<string> pieces, int start, int count)
    {
        for (var at = start; at < start + count; at++)
        {
            var piece = pieces[at];
            yield return mark + piece.TrimEnd('\n');
            if (!piece.EndsWith('\n'))
            {
                yield return NoLineEnd;
            }
        }
    }

    /// <summary>Lines with their ends, so that a text without the last one differs, and one with other ends too.</summary>
    private sealed class LineChunker : IChunker
    {
        public static readonly LineChunker Instance = new();

        public IReadOnlyList<string> Chunk(string text)
        {
            var lines = new List<string>();
            for (var start = 0; start < text.Length;)
            {
                var end = text.IndexOf('\n', start) is >= 0 and var found ? found + 1 : text.Length;
                lines.Add(text[start..end]);
                start = end;
            }

            return lines;
        }
    }
}
