using System.CommandLine;
using Policy.CommandLine;
using Policy.Diffs;

namespace Policy.Commands;

/// <summary>Shows what differs between two revisions.</summary>
internal static class DiffCommand
{
    public static Command Create(PolicyTool tool)
    {
        var from = CommonOptions.Revision("A", "the earlier revision", required: true);
        var to = CommonOptions.Revision("B", "the later revision [default: now]", required: false);
        var exitCode = new Option<bool>("--exit-code") { Description = "end with 1 when they differ" };
        var command = new Command("diff", "Shows what differs between two revisions, as a unified diff.") { from, to, exitCode };
        command.SetStoreAction(tool, async (store, parsed, cancellationToken) =>
        {
            var before = await store.ReadAsync(parsed.GetValue(from)!.Value, cancellationToken);
            var after = await store.ReadAtAsync(parsed.GetValue(to), cancellationToken);
            var differs = DiffPrinter.Print(tool.Console, before, after);
            if (!differs)
            {
                tool.Console.Hint($"revisions {before.Revision} and {after.Revision} hold the same");
            }

            return differs && parsed.GetValue(exitCode) ? ExitCode.Refused : ExitCode.Ok;
        });
        return command;
    }
}
