using System.CommandLine;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using Policy.Commands;

namespace Policy.CommandLine;

/// <summary>The tool from command line to exit code.</summary>
internal static class PolicyCommandLine
{
    private const string Description =
        """
        Shows, checks and changes the resilience policies of a running system, and tells which instances run them.
        A scope is resilience, defaults, tiers, topology, dependencies/NAME, services/NAME or routes/NAME.
        etcd's credentials come from ETCD_USERNAME, ETCD_PASSWORD, ETCD_CA, ETCD_CERT and ETCD_KEY.
        Exit code: 0 done, 1 invalid or refused, 2 wrong usage, 3 not every live instance runs it, 4 no store or no access, 5 changed by somebody else, 130 interrupted.
        """;

    /// <summary>Runs the tool. Cancelling ends it early.</summary>
    public static async Task<int> RunAsync(IReadOnlyList<string> arguments, PolicyTool tool, CancellationToken cancellationToken)
    {
        var parsed = RootOf(tool).Parse(arguments);
        var faults = FindFaults(parsed);
        if (faults.Length > 0)
        {
            return Fail(tool, ExitCode.Usage, [.. faults, "Use --help to see all options."]);
        }

        // Signals are the caller's: the default would end the process before it is said what has been written by then.
        var invocation = new InvocationConfiguration
        {
            Output = tool.Console.Out,
            Error = tool.Console.Error,
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = null,
        };
        try
        {
            return await parsed.InvokeAsync(invocation, cancellationToken);
        }
        catch (UsageException usage)
        {
            return Fail(tool, ExitCode.Usage, usage.Message);
        }
        catch (PolicyStoreException failure)
        {
            return Fail(tool, ExitCode.Of(failure.Failure), failure.Message.ReplaceLineEndings(" "));
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return Fail(tool, ExitCode.Interrupted, "interrupted");
        }
    }

    private static string[] FindFaults(ParseResult parsed) => parsed.Action is ParseErrorAction
        ? [.. parsed.Errors.Select(error => error.Message).Distinct()]
        // A mistyped option would else be taken for a scope or a file.
        : [.. parsed.CommandResult.Children.OfType<ArgumentResult>()
            .SelectMany(argument => argument.Tokens)
            .Where(token => token.Value.StartsWith("--", StringComparison.Ordinal))
            .Select(token => $"'{token.Value}' is no option of '{parsed.CommandResult.Command.Name}'")];

    private static RootCommand RootOf(PolicyTool tool) => new(Description)
    {
        GetCommand.Create(tool),
        SetCommand.Create(tool),
        DiffCommand.Create(tool),
        HistoryCommand.Create(tool),
        RestoreCommand.Create(tool),
        LintCommand.Create(tool),
        StatusCommand.Create(tool),
    };

    private static int Fail(PolicyTool tool, int exitCode, params ReadOnlySpan<string> lines)
    {
        foreach (var line in lines)
        {
            tool.Console.Error.WriteLine(line);
        }

        return exitCode;
    }
}
