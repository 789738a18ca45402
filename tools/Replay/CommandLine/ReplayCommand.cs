using System.CommandLine;
using System.CommandLine.Invocation;
using Replay.Drills;
using Replay.Faults;
using Replay.OnlineRetail;
using Replay.OwnShop;
using Replay.Reporting;
using Replay.Scenarios;

namespace Replay.CommandLine;

/// <summary>The tool from command line to exit code.</summary>
internal static class ReplayCommand
{
    /// <summary>Runs the tool. Cancelling ends it early with what it knows by then.</summary>
    public static async Task<int> RunAsync(IReadOnlyList<string> arguments, ReplayConsole console, TimeProvider time, CancellationToken cancellationToken)
    {
        var commandLine = new ReplayCommandLine();
        commandLine.Root.SetAction((parsed, token) => RunAsync(commandLine.Bind(parsed, arguments, time), console, time, token));
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
        catch (OwnShopException error)
        {
            return Refuse(console, error.Message);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return ExitCode.Interrupted;
        }
    }

    private static async Task<int> RunAsync(
        IScenario scenario, ReplaySettings settings, ReplayConsole console, TimeProvider time, CancellationToken cancellationToken)
    {
        FaultPlan? faults = null;
        if (settings.Faults is { } asked)
        {
            (faults, var tooShort) = PlanFaults(asked, scenario.Plan.Orders.Count, settings.Load.Rate);
            if (faults is null)
            {
                return Refuse(console, tooShort!);
            }
        }

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
            if (settings.Shop is null)
            {
                return await RunAsync(scenario, settings, report, null, null, console, time, cancellationToken);
            }

            var shop = await StartShopAsync(settings.Shop, console, time, cancellationToken);
            await using (shop)
            {
                var here = settings with { Gateway = shop.Addresses.Addresses["gateway"], GatewayIsLocal = true };
                return await RunAsync(scenario, here, report, shop, faults, console, time, cancellationToken);
            }
        }
    }

    private static async Task<int> RunAsync(
        IScenario scenario,
        ReplaySettings settings,
        ReportFile? report,
        StartedShop? shop,
        FaultPlan? faults,
        ReplayConsole console,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        using var drilled = settings.Drill is null ? null : new DrillShop(shop!.Addresses, shop.OperatorKey);
        using var session = new ReplaySession(scenario, settings, shop?.Addresses, faults is null ? null : new FaultRun(faults, shop!.Victims, time), console, time)
        {
            Drill = drilled is null ? null : new DrillRun(settings.Drill!, drilled, time),
        };
        var fault = (faults is null ? null : FindMissing(faults, shop!)) ?? await session.FindGatewayFaultAsync(cancellationToken);
        if (fault is not null)
        {
            return Refuse(console, fault);
        }

        PrintSource(scenario, settings, console);
        if (faults is not null)
        {
            SummaryPrinter.PrintPlan(console.Out, faults, scenario.Plan.Orders.Count);
        }

        var (summary, full) = await session.RunAsync(cancellationToken);
        if (settings.Chart is not null && session.Chart() is { } chart)
        {
            await File.WriteAllTextAsync(settings.Chart, chart, CancellationToken.None);
        }

        if (report is not null)
        {
            await report.WriteAsync(full);
        }

        SummaryPrinter.Print(console.Out, summary, full.Violations, settings.Shown);
        return summary.Interrupted ? ExitCode.Interrupted : summary.Balanced ? ExitCode.Balanced : ExitCode.NotBalanced;
    }

    private static async Task<StartedShop> StartShopAsync(OwnShopSettings settings, ReplayConsole console, TimeProvider time, CancellationToken cancellationToken)
    {
        StartedShop? shop = null;
        await console.ShowProgressAsync(
            async board =>
            {
                using var stage = board.Begin(settings.Build ? "Building and starting a shop" : "Starting a shop", 1);
                shop = await StartedShop.StartAsync(settings, time, cancellationToken);
                stage.Advance();
            },
            time);
        return shop!;
    }

    private static (FaultPlan? Plan, string? Fault) PlanFaults(FaultSettings settings, int orders, double rate)
    {
        var (replay, needed) = (TimeSpan.FromSeconds(orders / rate), FaultPlan.ShortestReplay(settings.Kills));
        return replay >= needed
            ? (FaultPlan.Create(settings.Seed, settings.Kills, replay), null)
            : (null, FormattableString.Invariant(
                $"--kills: {settings.Kills} and their pauses need {needed.TotalSeconds:0} s of orders, and {orders} at {rate} a second are {replay.TotalSeconds:0.#} s; use fewer kills, a lower --rate or more orders"));
    }

    private static string? FindMissing(FaultPlan plan, StartedShop shop) =>
        plan.Faults.Select(fault => fault.Target).FirstOrDefault(target => shop.Victims.Find(target) is null) is { } missing
            ? $"--kills: the shop runs no process {missing.Name} of its own; a connection string given from outside (ConnectionStrings__...) takes its place, so unset it"
            : null;

    private static async Task<IScenario> CreateScenarioAsync(ReplaySettings settings, CancellationToken cancellationToken)
    {
        if (settings.Sale is var (buyers, stock))
        {
            return new SoldOutSale(settings.RunId, settings.Token, buyers, stock);
        }

        var day = await RetailFile.ReadAsync(settings.File!, cancellationToken);
        return FileReplay.Create(settings.File!, day, settings.RunId, settings.Token, settings.Limit, settings.Passes ?? PassesFor(settings, day));
    }

    /// <summary>Faults and drills need time, and a day may be over in seconds: then it is played as often as it takes.</summary>
    private static int PassesFor(ReplaySettings settings, RetailDay day)
    {
        var orders = Math.Min(settings.Limit ?? int.MaxValue, day.Orders.Count);
        var time = settings.Faults is { } faults ? FaultPlan.ShortestReplay(faults.Kills) : settings.Drill?.Orders ?? TimeSpan.Zero;
        return orders > 0 ? Math.Max(1, (int)Math.Ceiling(time.TotalSeconds * settings.Load.Rate / orders)) : 1;
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
