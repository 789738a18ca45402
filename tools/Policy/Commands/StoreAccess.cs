using System.CommandLine;
using Policy.CommandLine;
using Policy.Stores;

namespace Policy.Commands;

/// <summary>Gives a command the store that its command line asks for, and closes it after.</summary>
internal static class StoreAccess
{
    public static void SetStoreAction(
        this Command command, PolicyTool tool, Func<IPolicyStore, ParseResult, CancellationToken, Task<int>> run)
    {
        var place = CommonOptions.Store();
        command.Options.Add(place);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            await using var store = tool.Open(StorePlace.Find(parsed.GetValue(place), tool.Environment, tool.Folder));
            return await run(store, parsed, cancellationToken);
        });
    }
}
