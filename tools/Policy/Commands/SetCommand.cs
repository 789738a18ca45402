using System.CommandLine;
using Policy.Changes;
using Policy.CommandLine;
using Policy.Linting;

namespace Policy.Commands;

/// <summary>Writes and deletes scopes, all in one change, after the whole that comes of it was checked.</summary>
internal static class SetCommand
{
    private const string Input = "-";

    public static Command Create(PolicyTool tool)
    {
        var pairs = new Argument<string[]>("SCOPE FILE") { Description = "a scope and the file with its new text, or - for the input; several pairs are one change", Arity = ArgumentArity.ZeroOrMore };
        var deletions = new Option<string[]>("--delete") { Description = "a scope to delete in the same change; may be repeated", Arity = ArgumentArity.OneOrMore, AllowMultipleArgumentsPerToken = false };
        var options = new ChangeOptions();
        var command = new Command("set", "Changes scopes after checking the whole document, then waits until every live instance runs it.") { pairs, deletions };
        options.AddTo(command);
        command.SetStoreAction(tool, (store, parsed, cancellationToken) =>
        {
            var settings = options.Bind(parsed);
            var (scopes, files) = Read(tool, parsed.GetValue(pairs) ?? [], parsed.GetValue(deletions) ?? []);
            var change = new PolicyChange(scopes, settings.Who, settings.Why) { From = settings.From };
            var editor = new PolicyEditor(store) { Lint = tool.Lint, LocationOf = scope => files.GetValueOrDefault(scope, scope) };
            return new ChangeRun(tool, store, settings).RunAsync(token => editor.CheckAsync(change, token), token => editor.ApplyAsync(change, token), cancellationToken);
        });
        return command;
    }

    private static (Dictionary<string, ReadOnlyMemory<byte>?> Scopes, Dictionary<string, string> Files) Read(PolicyTool tool, string[] pairs, string[] deletions)
    {
        if (pairs.Length + deletions.Length == 0)
        {
            throw new UsageException("SCOPE FILE: missing; name a scope and the file with its new text, or --delete SCOPE");
        }

        if (pairs.Length % 2 != 0)
        {
            throw new UsageException($"SCOPE FILE: '{pairs[^1]}' has no file; name pairs of a scope and a file");
        }

        var files = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var pair in pairs.Chunk(2))
        {
            Require(PolicyScope.IsValid(pair[0]), $"SCOPE: '{pair[0]}' {PolicyScope.Expected}");
            Require(files.TryAdd(pair[0], pair[1]), $"SCOPE: '{pair[0]}' is there twice");
        }

        Require(files.Values.Count(file => file == Input) <= 1, $"FILE: '{Input}' is there twice; the input can be read once");
        var scopes = files.ToDictionary(pair => pair.Key, ReadOnlyMemory<byte>? (pair) => ReadFile(tool, pair.Value), StringComparer.Ordinal);
        foreach (var scope in deletions)
        {
            // Any name: what came past the audit under a wrong one must be possible to remove.
            Require(scopes.TryAdd(scope, null), $"--delete: '{scope}' is there twice");
        }

        return (scopes, files.ToDictionary(pair => pair.Key, pair => pair.Value == Input ? "the input" : pair.Value, StringComparer.Ordinal));
    }

    private static byte[] ReadFile(PolicyTool tool, string file)
    {
        try
        {
            if (file != Input)
            {
                return ScopeText.ReadFile(file);
            }

            using var input = tool.Console.OpenIn();
            return ScopeText.Read(input);
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"FILE: '{file}' cannot be read: {unreadable.Message}");
        }
    }

    private static void Require(bool holds, string message)
    {
        if (!holds)
        {
            throw new UsageException(message);
        }
    }
}
