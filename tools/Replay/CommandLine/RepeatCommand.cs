namespace Replay.CommandLine;

/// <summary>The command that plans the same faults again.</summary>
internal static class RepeatCommand
{
    private const string Seed = "--seed";

    /// <summary>The command line as it was given, with the seed that was used.</summary>
    public static string Of(IReadOnlyList<string> arguments, int seed)
    {
        var kept = new List<string>();
        for (var i = 0; i < arguments.Count; i++)
        {
            if (arguments[i] == Seed)
            {
                i++;
            }
            else if (!arguments[i].StartsWith(Seed + "=", StringComparison.Ordinal) && !arguments[i].StartsWith(Seed + ":", StringComparison.Ordinal))
            {
                kept.Add(Quote(arguments[i]));
            }
        }

        return FormattableString.Invariant($"dotnet run --project tools/Replay -- {string.Join(' ', kept)} {Seed} {seed}");
    }

    private static string Quote(string argument) =>
        argument.Length > 0 && argument.All(character => char.IsAsciiLetterOrDigit(character) || "-_./:=,@+".Contains(character, StringComparison.Ordinal))
            ? argument
            : $"'{argument.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
