using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Policy.CommandLine;
using Policy.Output;
using Tools;

namespace Policy.Commands;

/// <summary>Tells who changed what, when and why.</summary>
internal static class HistoryCommand
{
    private const int DefaultLimit = 20;
    private const string Unaudited = "(not through the audit)";

    public static Command Create(PolicyTool tool)
    {
        var limit = OptionParsers.Whole("--limit", $"how many, latest first [default: {DefaultLimit}]", 1, 10_000);
        var json = CommonOptions.Json();
        var command = new Command("history", "Tells who changed what, when and why.") { limit, json };
        command.SetStoreAction(tool, async (store, parsed, cancellationToken) =>
        {
            var entries = await store.HistoryAsync(parsed.GetValue(limit) ?? DefaultLimit, cancellationToken);
            if (parsed.GetValue(json))
            {
                tool.Console.Out.WriteLine(JsonSerializer.Serialize(JsonOf(store, entries), PolicyJson.Default.HistoryJson));
            }
            else
            {
                Print(tool, store, entries);
            }

            return ExitCode.Ok;
        });
        return command;
    }

    private static void Print(PolicyTool tool, IPolicyStore store, IReadOnlyList<PolicyHistoryEntry> entries)
    {
        if (entries.Count == 0)
        {
            tool.Console.Out.WriteLine($"{store.Name} has no history.");
            return;
        }

        var table = new TextTable("revision", "when", "who", "why", "scopes");
        foreach (var entry in entries)
        {
            table.AddRow(
                entry.Revision.ToString(CultureInfo.InvariantCulture),
                tool.Time.Local(entry.At),
                entry.Who ?? Unaudited,
                entry.Why ?? "",
                string.Join(", ", entry.Scopes));
        }

        table.Print(tool.Console);
        tool.Console.Hint("next: 'diff REVISION' shows what has changed since, 'restore REVISION --reason TEXT' goes back");
    }

    private static HistoryJson JsonOf(IPolicyStore store, IReadOnlyList<PolicyHistoryEntry> entries) =>
        new(store.Name, [.. entries.Select(entry => new HistoryEntryJson(entry.Revision, entry.At, entry.Who, entry.Why, entry.Scopes))]);
}
