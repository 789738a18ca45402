using System.CommandLine;
using Policy.Changes;
using Policy.CommandLine;

namespace Policy.Commands;

/// <summary>Makes everything what it was, as one more change.</summary>
internal static class RestoreCommand
{
    public static Command Create(PolicyTool tool)
    {
        var revision = CommonOptions.Revision("REVISION", "the revision to go back to", required: true);
        var options = new ChangeOptions();
        var command = new Command("restore", "Makes every scope what it was at a revision, also deleting those that were not there; checked and waited for as with set.") { revision };
        options.AddTo(command);
        command.SetStoreAction(tool, (store, parsed, cancellationToken) =>
        {
            var settings = options.Bind(parsed);
            var restore = new PolicyRestore(parsed.GetValue(revision)!.Value, settings.Who, settings.Why) { From = settings.From };
            var editor = new PolicyEditor(store) { Lint = tool.Lint };
            return new ChangeRun(tool, store, settings).RunAsync(token => editor.CheckAsync(restore, token), token => editor.ApplyAsync(restore, token), cancellationToken);
        });
        return command;
    }
}
