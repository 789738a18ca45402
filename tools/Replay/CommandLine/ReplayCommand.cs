using System.CommandLine;
using System.CommandLine.Invocation;
using ResilientShop.Replay.OnlineRetail;
using ResilientShop.Replay.Reporting;
using ResilientShop.Replay.Scenarios;

namespace ResilientShop.Replay.CommandLine;

/// <summary>The tool from command line to exit code.</summary>
internal static class ReplayCommand
{
    /// <summary>Runs the tool. Cancelling ends it early with what it knows by then.</summary>
    public static async Task<int> RunAsync(IReadOnlyList<string> arguments, ReplayConsole console, TimeProvider time, CancellationToken cancellationToken)
    {
        var commandLine = new ReplayCommandLine();
        commandLine.Root.SetAction((parsed, token) => RunAsync(commandLine.Bind(parsed, time), console, time, token));
        var parsed = commandLine.Root.Parse(arguments);
        var faults = FindFaults(commandLine, parsed);
        if (faults.Length > 0)
        {
            return Refuse(console, [.. faults, "Use --help to see all options."]);
        }

        // Signals are the caller's: the default would end the process before the partial summary is out.
        var invocation = new InvocationConfiguration
        {
            Output = console.Out,
            Error = console.Error,
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = null,
        };
        return await parsed.InvokeAsync(invocation, cancellationToken);
    }

    private static string[] FindFaults(ReplayCommandLine commandLine, ParseResult parsed) => parsed.Action switch
    {
        ParseErrorAction => [.. parsed.Errors.Select(error => error.Message).Distinct()],
        var action when action == commandLine.Root.Action => [.. commandLine.FindContradictions(parsed)],
        // --help and --version need nothing else to be right.
        _ => [],
    };

    private static async Task<int> RunAsync(ReplaySettings settings, ReplayConsole console, TimeProvider time, CancellationToken cancellationToken)
    {
        try
        {
            var scenario = await CreateScenarioAsync(settings, cancellationToken);
            if (scenario.Plan.Orders.Count > 0)
            {
                return await RunAsync(scenario, settings, console, time, cancellationToken);
            }

            PrintSource(scenario, settings, console);
            return Refuse(console, $"FILE: '{settings.File}': no order to send; every line was rejected or is a cancellation, see the reasons above");
        }
        catch (RetailFileException error)
        {
            return Refuse(console, $"FILE: '{settings.File}': {error.Message}");
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return ExitCode.Interrupted;
        }
    }

    private static async Task<int> RunAsync(
        IScenario scenario, ReplaySettings settings, ReplayConsole console, TimeProvider time, CancellationToken cancellationToken)
    {
        ReportFile? report = null;
        if (settings.Report is not null)
        {
            (report, var fault) = ReportFile.Open(settings.Report);
            if (report is null)
            {
                return Refuse(console, fault!);
            }
        }

        await using (report)
        {
            using var session = new ReplaySession(scenario, settings, console, time);
            var fault = await session.FindGatewayFaultAsync(cancellationToken);
            if (fault is not null)
            {
                return Refuse(console, fault);
            }

            PrintSource(scenario, settings, console);
            var (summary, full) = await session.RunAsync(cancellationToken);
            if (report is not null)
            {
                await report.WriteAsync(full);
            }

            SummaryPrinter.Print(console.Out, summary, full.Violations, settings.Shown);
            return summary.Interrupted ? ExitCode.Interrupted : summary.Balanced ? ExitCode.Balanced : ExitCode.NotBalanced;
        }
    }

    private static async Task<IScenario> CreateScenarioAsync(ReplaySettings settings, CancellationToken cancellationToken)
    {
        if (settings.Sale is var (buyers, stock))
        {
            return new SoldOutSale(settings.RunId, settings.Token, buyers, stock);
        }

        var day = await RetailFile.ReadAsync(settings.File!, cancellationToken);
        return FileReplay.Create(settings.File!, day, settings.RunId, settings.Token, settings.Limit, settings.Passes);
    }

    private static void PrintSource(IScenario scenario, ReplaySettings settings, ReplayConsole console)
    {
        if (scenario.Source is { } source)
        {
            SummaryPrinter.PrintSource(console.Out, source, settings.Shown);
        }
    }

    private static int Refuse(ReplayConsole console, params ReadOnlySpan<string> faults)
    {
        foreach (var fault in faults)
        {
            console.Error.WriteLine(fault);
        }

        return ExitCode.Usage;
    }
}
