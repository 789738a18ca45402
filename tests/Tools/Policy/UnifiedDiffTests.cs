using System.Globalization;
using CsCheck;

namespace Tools.Tests.Policy;

public sealed class UnifiedDiffTests
{
    private static readonly string[] Lines = ["a", "b", "c", "", "a\r"];

    // Few different lines, so that many of them are the same in both texts.
    private static readonly Gen<string> Text = Gen.Select(Gen.Int[0, 4].Select(line => Lines[line]).Array[0, 40], Gen.Bool, (lines, ends) =>
        string.Join('\n', lines) + (ends && lines.Length > 0 ? "\n" : ""));

    [Fact]
    public void Hunks_turn_one_text_into_the_other() =>
        Gen.Select(Text, Text).Sample((before, after) => Apply(before, [.. UnifiedDiff.Hunks(before, after)]).ShouldBe(after));

    [Fact]
    public void The_same_text_has_no_hunk() => Text.Sample(text => UnifiedDiff.Hunks(text, text).ShouldBeEmpty());

    [Fact]
    public void A_text_that_ends_without_a_line_end_differs() =>
        UnifiedDiff.Hunks("a\nb", "a\nb\n").ShouldBe(["@@ -1,2 +1,2 @@", " a", "-b", "\\ No newline at end of file", "+b"]);

    [Fact]
    public void Changes_far_from_each_other_are_hunks_of_their_own()
    {
        var before = string.Concat(Enumerable.Range(1, 20).Select(number => $"{number}\n"));

        UnifiedDiff.Hunks(before, before.Replace("2\n3\n", "2\nx\n3\n", StringComparison.Ordinal).Replace("19\n", "", StringComparison.Ordinal))
            .Where(line => line.StartsWith('@')).ShouldBe(["@@ -1,5 +1,6 @@", "@@ -16,5 +17,4 @@"]);
    }

    /// <summary>What patch does, strictly: every line that is kept or taken away must be there.</summary>
    private static string Apply(string before, string[] hunks)
    {
        var old = before.Split('\n').Select((line, at) => at < before.Count(character => character == '\n') ? line + "\n" : line).Where(line => line.Length > 0).ToArray();
        var result = new List<string>();
        var at = 0;
        for (var index = 0; index < hunks.Length; index++)
        {
            var line = hunks[index];
            var piece = index + 1 < hunks.Length && hunks[index + 1].StartsWith('\\') ? line[1..] : line[1..] + "\n";
            switch (line[0])
            {
                case '@':
                    var range = line.Split(' ')[1][1..].Split(',').Select(number => int.Parse(number, CultureInfo.InvariantCulture)).ToArray();
                    var start = range[1] == 0 ? range[0] : range[0] - 1;
                    result.AddRange(old[at..start]);
                    at = start;
                    break;
                case '+':
                    result.Add(piece);
                    break;
                case ' ' or '-':
                    old[at++].ShouldBe(piece);
                    if (line[0] == ' ')
                    {
                        result.Add(piece);
                    }

                    break;
            }
        }

        return string.Concat(result.Concat(old[at..]));
    }
}
