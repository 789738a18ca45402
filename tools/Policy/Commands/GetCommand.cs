using System.CommandLine;
using System.Globalization;
using Policy.CommandLine;
using Policy.Output;

namespace Policy.Commands;

/// <summary>Prints the text of a scope, byte by byte, or lists the scopes.</summary>
internal static class GetCommand
{
    public static Command Create(PolicyTool tool)
    {
        var scope = new Argument<string?>("SCOPE") { Description = "the scope to print; without it the scopes are listed", Arity = ArgumentArity.ZeroOrOne };
        var revision = CommonOptions.Revision("as it was at this revision [default: now]");
        var command = new Command("get", "Prints the text of a scope as it is, or lists the scopes.") { scope, revision };
        command.SetStoreAction(tool, async (store, parsed, cancellationToken) =>
        {
            var policies = await store.ReadAtAsync(parsed.GetValue(revision), cancellationToken);
            return parsed.GetValue(scope) is { } name
                ? await PrintAsync(tool.Console, store, policies, name, cancellationToken)
                : List(tool.Console, store, policies);
        });
        return command;
    }

    private static async Task<int> PrintAsync(PolicyConsole console, IPolicyStore store, StoredPolicies policies, string scope, CancellationToken cancellationToken)
    {
        if (policies.Sources.FirstOrDefault(source => source.Scope == scope) is not { } source)
        {
            var there = policies.IsEmpty ? "it is empty" : $"it has {string.Join(", ", policies.Sources.Select(other => other.Scope))}";
            throw new UsageException($"SCOPE: '{scope}' is not in {store.Name} at revision {policies.Revision.ToString(CultureInfo.InvariantCulture)}; {there}");
        }

        if (source.Problem is { } problem)
        {
            Problems.Print(console.Error, problem, console.PaintError);
            return ExitCode.Refused;
        }

        await using var output = console.OpenOut();
        await output.WriteAsync(source.Content, cancellationToken);
        return ExitCode.Ok;
    }

    private static int List(PolicyConsole console, IPolicyStore store, StoredPolicies policies)
    {
        if (!policies.IsEmpty)
        {
            var table = new TextTable("scope", "bytes", "");
            foreach (var source in policies.Sources)
            {
                table.AddRow(source.Scope, source.Content.Length.ToString(CultureInfo.InvariantCulture), source.Problem?.ToString() ?? "");
            }

            table.Print(console);
        }

        console.Out.WriteLine(FormattableString.Invariant($"{store.Name}: {policies.Sources.Count} scopes, revision {policies.Revision}, digest {policies.Digest}"));
        return ExitCode.Ok;
    }
}
