namespace AppHost.Embedded.Model;

/// <summary>Refuses a command line that says nothing, before anything starts.</summary>
internal static class CommandLine
{
    private static readonly string[] Options = ["ready-file", "environment"];
    private static readonly string[] Sections = ["Ports", "Embedded", "ConnectionStrings"];

    /// <summary>What is wrong with <paramref name="args"/> and what would be right, or null.</summary>
    public static string? Problem(IReadOnlyList<string> args)
    {
        for (var i = 0; i < args.Count; i++)
        {
            var argument = args[i];
            if (!argument.StartsWith("--", StringComparison.Ordinal))
            {
                return $"'{argument}' is no option. {Right}";
            }

            var (name, value) = argument[2..].Split('=', 2) is [var key, var given] ? (key, given) : (argument[2..], null);
            if (!Options.Contains(name, StringComparer.OrdinalIgnoreCase) && !Sections.Any(section => name.StartsWith(section + ":", StringComparison.OrdinalIgnoreCase)))
            {
                return $"There is no option --{name}. {Right}";
            }

            value ??= ++i < args.Count && !args[i].StartsWith("--", StringComparison.Ordinal) ? args[i] : null;
            if (string.IsNullOrEmpty(value))
            {
                return $"--{name} needs a value. {Right}";
            }
        }

        return null;
    }

    private const string Right = "Options: --ready-file PATH, --Ports:Gateway N, --Ports:Operations N, --Ports:Dashboard N, --Embedded:CachePath PATH.";
}
