using System.CommandLine;
using System.Globalization;
using Policy.Stores;
using Tools;

namespace Policy.CommandLine;

/// <summary>Options and arguments that several commands have.</summary>
internal static class CommonOptions
{
    private const string RightRevision = "a revision, a whole number from 0, such as 'history' shows";

    public static Option<string?> Store() => new("--store")
    {
        Description = $"http(s)://host:port[,..] of etcd, or a folder [default: {StorePlace.Variable}, else the folder config]",
    };

    public static Option<bool> Json() => new("--json") { Description = "one JSON document for machines" };

    public static Option<string?> Reason() => Text("--reason", "why, for the audit", required: true);

    public static Option<string?> Who() => Text("--who", "who, for the audit [default: your user name]", required: false);

    public static Option<long?> From() => OptionParsers.Create(
        "--from", "refuse the change when the store has changed since this revision", RightRevision, ParseRevision);

    public static Option<bool> DryRun() => new("--dry-run") { Description = "check and show what would change; write nothing" };

    public static Option<double?> Wait() => OptionParsers.Number("--wait", "seconds to wait until every live instance runs it [default: 10]", 0, 3600);

    public static Option<long?> Revision(string description) => OptionParsers.Create("--revision", description, RightRevision, ParseRevision);

    public static Argument<long?> Revision(string name, string description, bool required) => new(name)
    {
        Description = description,
        Arity = required ? ArgumentArity.ExactlyOne : ArgumentArity.ZeroOrOne,
        CustomParser = result => result.Tokens.Count == 0 ? null : OptionParsers.Parse(result, name, RightRevision, ParseRevision),
    };

    private static Option<string?> Text(string name, string description, bool required)
    {
        var option = OptionParsers.Create(name, description, "a text", text => string.IsNullOrWhiteSpace(text) ? null : text.Trim());
        option.Required = required;
        return option;
    }

    private static long? ParseRevision(string text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var revision) ? revision : null;
}
