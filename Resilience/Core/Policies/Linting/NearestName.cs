namespace ResilientShop.Resilience.Policies;

/// <summary>Guesses what somebody meant to write. Pure.</summary>
internal static class NearestName
{
    private const int MostEdits = 3;

    /// <summary>The candidate that takes the fewest edits, at most three and fewer than half of the name; null where there is none.</summary>
    /// <param name="name">What was written.</param>
    /// <param name="candidates">What could have been meant.</param>
    public static string? Of(string name, IEnumerable<string> candidates)
    {
        var (best, least) = ((string?)null, Math.Min(MostEdits, (name.Length - 1) / 2) + 1);
        foreach (var candidate in candidates)
        {
            if (candidate != name && Math.Abs(candidate.Length - name.Length) < least && Edits(name, candidate, least) is var edits && edits < least)
            {
                (best, least) = (candidate, edits);
            }
        }

        return best;
    }

    /// <summary>
    /// Letters to insert, delete, replace or swap with their neighbour (optimal string alignment), row by row; <paramref name="enough"/> where they are that many.
    /// </summary>
    private static int Edits(string from, string to, int enough)
    {
        var (before, last, row) = (new int[to.Length + 1], new int[to.Length + 1], new int[to.Length + 1]);
        for (var column = 0; column <= to.Length; column++)
        {
            last[column] = column;
        }

        for (var line = 1; line <= from.Length; line++)
        {
            row[0] = line;
            var least = line;
            for (var column = 1; column <= to.Length; column++)
            {
                var replaced = last[column - 1] + (from[line - 1] == to[column - 1] ? 0 : 1);
                row[column] = Math.Min(replaced, Math.Min(last[column], row[column - 1]) + 1);
                if (line > 1 && column > 1 && from[line - 1] == to[column - 2] && from[line - 2] == to[column - 1])
                {
                    row[column] = Math.Min(row[column], before[column - 2] + 1);
                }

                least = Math.Min(least, row[column]);
            }

            if (least >= enough)
            {
                return enough;
            }

            (before, last, row) = (last, row, before);
        }

        return last[to.Length];
    }
}
