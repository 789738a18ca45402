using Policy.CommandLine;
using Policy.Diffs;
using Policy.Output;

namespace Policy.Changes;

/// <summary>Makes a change, tells what came of it, and waits until the instances run it.</summary>
internal sealed class ChangeRun(PolicyTool tool, IPolicyStore store, ChangeSettings settings)
{
    private readonly PolicyConsole _console = tool.Console;

    /// <summary>From the change to the exit code.</summary>
    /// <param name="check">Checks it only.</param>
    /// <param name="apply">Checks and writes it.</param>
    /// <param name="cancellationToken">Ends it; what is written by then stays.</param>
    public async Task<int> RunAsync(
        Func<CancellationToken, Task<PolicyEdit>> check, Func<CancellationToken, Task<PolicyEdit>> apply, CancellationToken cancellationToken)
    {
        var edit = settings.IsDryRun ? await check(cancellationToken) : await ApplyAsync(apply, cancellationToken);
        PrintProblems(edit);
        if (edit.IsRefused)
        {
            _console.Error.WriteLine($"{store.Name}: refused; nothing was written.");
            return ExitCode.Refused;
        }

        if (settings.IsDryRun)
        {
            return PrintDryRun(edit);
        }

        PrintResult(edit);
        return await WaitAsync(edit.After, cancellationToken);
    }

    private static string Scopes(PolicyEdit edit) =>
        string.Join(", ", edit.Change.Scopes.OrderBy(scope => scope.Key, StringComparer.Ordinal).Select(scope => scope.Value is null ? $"{scope.Key} (deleted)" : scope.Key));

    /// <summary>A store that went away while writing may have written.</summary>
    private async Task<PolicyEdit> ApplyAsync(Func<CancellationToken, Task<PolicyEdit>> apply, CancellationToken cancellationToken)
    {
        try
        {
            return await apply(cancellationToken);
        }
        catch (PolicyStoreException conflict) when (conflict.Failure == PolicyStoreFailure.Conflict && settings.From is { } from)
        {
            _console.Hint(FormattableString.Invariant($"next: 'diff {from}' shows what has changed; then repeat with --from and the present revision"));
            throw;
        }
        catch (PolicyStoreException away) when (away.Failure == PolicyStoreFailure.Unavailable)
        {
            _console.Hint("next: 'history' tells whether the change was made before the store went away");
            throw;
        }
    }

    /// <summary>What is wrong; of warnings only those that the change brings.</summary>
    private void PrintProblems(PolicyEdit edit)
    {
        foreach (var error in edit.Errors)
        {
            Problems.Print(_console.Error, error, _console.PaintError);
        }

        foreach (var finding in edit.Findings.Where(finding => finding.Severity == FindingSeverity.Error || edit.Brought.Contains(finding)))
        {
            Problems.Print(_console.Error, finding, _console.PaintError);
        }
    }

    private int PrintDryRun(PolicyEdit edit)
    {
        DiffPrinter.Print(_console, edit.Before, edit.After, nameAfter: "changed");
        _console.Out.WriteLine(edit.ChangesNothing ? Unchanged(edit) : $"{store.Name}: would change {Scopes(edit)}; nothing was written.");
        return ExitCode.Ok;
    }

    private void PrintResult(PolicyEdit edit) => _console.Out.WriteLine(
        edit.IsWritten ? FormattableString.Invariant($"{store.Name}: revision {edit.After.Revision} changes {Scopes(edit)}") : Unchanged(edit));

    private string Unchanged(PolicyEdit edit) => FormattableString.Invariant($"{store.Name}: nothing changes, revision {edit.Before.Revision} is like this already");

    private async Task<int> WaitAsync(StoredPolicies wanted, CancellationToken cancellationToken)
    {
        var answers = await new InstanceWait(store, _console, tool.Time).UntilSettledAsync(wanted, settings.Wait, cancellationToken);
        if (answers.Problem is { } problem)
        {
            _console.Error.WriteLine(FormattableString.Invariant(
                $"Revision {wanted.Revision} is in the store, but it is not known who runs it: {problem.Message.ReplaceLineEndings(" ")}"));
            return ExitCode.NotEverywhere;
        }

        if (answers.Instances.Count == 0)
        {
            _console.Out.WriteLine("No live instances: nobody runs it yet, and those that start will.");
            return ExitCode.Ok;
        }

        _console.Out.WriteLine(InstanceWait.Progress(answers.Instances, wanted));
        var others = answers.Instances.Where(instance => !instance.Runs(wanted)).ToArray();
        foreach (var instance in others)
        {
            _console.Error.WriteLine(PolicyConsole.Printable(FormattableString.Invariant(
                $"{instance.Service} {instance.Instance} runs revision {instance.Revision}: {instance.Describe(wanted)}")));
        }

        _console.Hint(others.Length == 0
            ? "next: 'history' shows the revision to 'restore' if this turns out wrong"
            : "next: 'status' shows how it goes on; 'history' and 'restore' take it back");
        return others.Length == 0 ? ExitCode.Ok : ExitCode.NotEverywhere;
    }
}
