using System.CommandLine;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using Replay.Drills;
using Replay.Faults;
using Replay.Load;
using Replay.OwnShop;
using Replay.Shop;
using Tools;

namespace Replay.CommandLine;

/// <summary>The options of the tool, and what they mean together.</summary>
internal sealed class ReplayCommandLine
{
    private const int DefaultConcurrency = 32;
    private const double DefaultRate = 20;
    private const double FaultRate = 50;
    private const int FaultConcurrency = 128;
    private const int FaultRetries = 100;
    private const int FaultSettle = 30;
    private const double DrillRate = 30;
    private const int DrillConcurrency = 256;
    private const int MaxFaults = 1000;
    private const int MaxBuyers = 100_000;

    private readonly Argument<string?> _file = new("FILE")
    {
        Description = "Online Retail CSV (InvoiceNo, StockCode, Quantity, UnitPrice, CustomerID; columns are found by name)",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<Uri?> _gateway = OptionParsers.Address("--gateway", "URL of the shop's gateway [default: http://localhost:8080]");
    private readonly Option<double?> _rate = OptionParsers.Number("--rate", $"orders per second, 0 = as fast as possible [default: {DefaultRate}; with --buyers 0, with --kills {FaultRate}, with --scenario {DrillRate}]", 0, 100_000);
    private readonly Option<int?> _concurrency = OptionParsers.Whole("--concurrency", $"most orders in flight [default: {DefaultConcurrency}; with --buyers all of them, with --kills {FaultConcurrency}, with --scenario {DrillConcurrency}]", 1, 10_000);
    private readonly Option<int?> _buyers = OptionParsers.Whole("--buyers", "no file: this many buyers of one piece each of a fresh sku", 1, MaxBuyers);
    private readonly Option<int?> _stock = OptionParsers.Whole("--stock", "with --buyers: pieces there are", 0, 1_000_000);
    private readonly Option<int?> _limit = OptionParsers.Whole("--limit", "only the first orders of the file", 1, int.MaxValue);
    private readonly Option<int?> _repeat = OptionParsers.Whole("--repeat", "the file so many times in a row [default: 1; with --kills or --scenario as often as they need]", 1, 10_000);
    private readonly Option<string?> _runId = OptionParsers.Word("--run-id", "part of every idempotency key; must be new to the shop [default: time and chance]", 40);
    private readonly Option<string?> _token = OptionParsers.Word("--token", "payment token of every order [default: tok_ok]", 64);
    private readonly Option<double?> _settle = OptionParsers.Number("--settle", $"seconds an accepted order may take to end [default: 60; with --kills {FaultSettle}, from the last fault on]", 0, 86_400);
    private readonly Option<int?> _retries = OptionParsers.Whole("--retries", $"most repetitions of a call that got no answer, 408, 429 or 5xx [default: 10; with --kills {FaultRetries}]", 0, 1000);
    private readonly Option<double?> _timeout = OptionParsers.Number("--timeout", "seconds one attempt of a call may take [default: 10]", 0.01, 3600);
    private readonly Option<int?> _show = OptionParsers.Whole("--show", "most lines to print a reason; --report has them all [default: 5]", 0, int.MaxValue);
    private readonly Option<string?> _report = new("--report") { Description = "write everything to this JSON file" };
    private readonly Option<bool> _allowRemote = new("--allow-remote") { Description = "permit a gateway on another machine: this is a load tool" };

    private readonly Option<bool> _startShop = new("--start-shop") { Description = "start a shop for this run on free ports (embedded AppHost), and stop it afterwards" };
    private readonly Option<bool> _noBuild = new("--no-build") { Description = "with --start-shop: run what was built before" };
    private readonly Option<string?> _shopLog = new("--shop-log") { Description = "with --start-shop: write everything that the shop prints to this file" };
    private readonly Option<int?> _kills = OptionParsers.Whole("--kills", "with --start-shop: kill a random process of the shop so many times while orders flow, and pause one half as often", 1, MaxFaults);
    private readonly Option<int?> _seed = OptionParsers.Whole("--seed", "with --kills: the same seed plans the same faults [default: by chance]", 0, int.MaxValue);

    private readonly Option<string?> _chart = new("--chart") { Description = "with --scenario: draw the share of confirmed orders over time into this SVG file", HelpName = "FILE" };
    private readonly Option<string?> _scenario = new("--scenario")
    {
        Description = $"with --start-shop: a drill while orders flow: {string.Join(", ", DrillCatalog.All.Values.Select(drill => $"{drill.Name} ({drill.Purpose})"))}",
        HelpName = "NAME",
    };

    /// <summary>The command to parse with and to hang the action on.</summary>
    public RootCommand Root { get; }

    public ReplayCommandLine()
    {
        Root = new RootCommand(
            """
            Sends real orders through the shop's gateway, then checks the books: every order ended, money captured = confirmed orders, stock sold = confirmed lines, nothing twice.
            Lines of goods are sent: quantity and price above 0 and a stock code that starts with five digits (POST, M, D, BANK CHARGES ... are no goods). C... invoices cancel the customer's
            latest earlier order with that stock code, price and at least that quantity. The last line of output is JSON.
            Exit code: 0 balanced, 1 not balanced, 2 wrong usage, file, gateway or shop (nothing sent), 130 interrupted.
            """);
        Root.Arguments.Add(_file);
        foreach (var option in (Option[])[_gateway, _rate, _concurrency, _buyers, _stock, _limit, _repeat, _runId, _token, _settle, _retries, _timeout, _show, _report, _allowRemote, _startShop, _noBuild, _shopLog, _kills, _seed, _scenario, _chart])
        {
            Root.Options.Add(option);
        }
    }

    /// <summary>What is wrong with options that are right one by one; nothing when they fit together.</summary>
    public IEnumerable<string> FindContradictions(ParseResult parsed)
    {
        var file = parsed.GetValue(_file);
        var buyers = parsed.GetValue(_buyers);
        var stock = parsed.GetValue(_stock);
        if (file is null && buyers is null && stock is null)
        {
            yield return "FILE: missing; name an Online Retail CSV file, or use --buyers N --stock M";
        }

        if (file is not null && (buyers is not null || stock is not null))
        {
            yield return $"FILE: '{file}' cannot be combined with --buyers and --stock; use one or the other";
        }

        if (buyers is null != stock is null)
        {
            yield return buyers is null ? $"--stock: {stock} needs --buyers N" : $"--buyers: {buyers} needs --stock M";
        }

        if (buyers is not null && (parsed.GetValue(_limit) ?? parsed.GetValue(_repeat)) is not null)
        {
            yield return "--limit, --repeat: only with a FILE";
        }

        if (parsed.GetValue(_gateway) is { } gateway && !IsLocal(gateway) && !parsed.GetValue(_allowRemote))
        {
            yield return $"--gateway: '{gateway}' is not on this machine; this is a load tool, so another machine needs --allow-remote";
        }

        foreach (var fault in FindShopContradictions(parsed))
        {
            yield return fault;
        }
    }

    /// <summary>The settings of a command line without contradictions.</summary>
    public ReplaySettings Bind(ParseResult parsed, IReadOnlyList<string> arguments, TimeProvider time)
    {
        var buyers = parsed.GetValue(_buyers);
        var gateway = parsed.GetValue(_gateway) ?? new Uri("http://localhost:8080/");
        var retries = new RetrySchedule();
        var kills = parsed.GetValue(_kills);
        var drill = parsed.GetValue(_scenario) is { } scenario ? DrillCatalog.All[scenario] : null;
        var seed = parsed.GetValue(_seed) ?? RandomNumberGenerator.GetInt32(1, 1_000_000);
        return new ReplaySettings(
            parsed.GetValue(_file),
            buyers is { } count ? (count, parsed.GetValue(_stock)!.Value) : null,
            gateway,
            IsLocal(gateway),
            new LoadSettings(
                parsed.GetValue(_rate) ?? (kills is not null ? FaultRate : drill is not null ? DrillRate : buyers is null ? DefaultRate : 0),
                parsed.GetValue(_concurrency) ?? buyers ?? (kills is not null ? FaultConcurrency : drill is not null ? DrillConcurrency : DefaultConcurrency),
                TimeSpan.FromSeconds(parsed.GetValue(_settle) ?? (kills is null ? 60 : FaultSettle))),
            retries with
            {
                MaxRetries = parsed.GetValue(_retries) ?? (kills is null ? retries.MaxRetries : FaultRetries),
                AttemptTimeout = parsed.GetValue(_timeout) is { } seconds ? TimeSpan.FromSeconds(seconds) : retries.AttemptTimeout,
            },
            parsed.GetValue(_runId) ?? NewRunId(time),
            parsed.GetValue(_token) ?? "tok_ok",
            parsed.GetValue(_limit),
            parsed.GetValue(_repeat),
            parsed.GetValue(_show) ?? 5,
            parsed.GetValue(_report),
            parsed.GetValue(_startShop) ? new OwnShopSettings(!parsed.GetValue(_noBuild), parsed.GetValue(_shopLog)) : null,
            kills is { } faults ? new FaultSettings(faults, seed, RepeatCommand.Of(arguments, seed)) : null,
            drill,
            parsed.GetValue(_chart));
    }

    private IEnumerable<string> FindShopContradictions(ParseResult parsed)
    {
        var (startShop, kills, seed) = (parsed.GetValue(_startShop), parsed.GetValue(_kills), parsed.GetValue(_seed));
        if (startShop && parsed.GetValue(_gateway) is { } gateway)
        {
            yield return $"--gateway: '{gateway}' cannot be combined with --start-shop, which starts a shop of its own; use one or the other";
        }

        if (!startShop && kills is not null)
        {
            yield return $"--kills: {kills} needs --start-shop; only a shop of the tool's own is killed";
        }

        if (!startShop && (parsed.GetValue(_noBuild) || parsed.GetValue(_shopLog) is not null))
        {
            yield return "--no-build, --shop-log: only with --start-shop";
        }

        if (kills is null && seed is not null)
        {
            yield return $"--seed: {seed} needs --kills N";
        }

        if (kills is not null && parsed.GetValue(_rate) is 0)
        {
            yield return $"--rate: 0 cannot be combined with --kills {kills}; faults are spread over the time that the orders take, so the rate must be above 0";
        }

        foreach (var fault in FindDrillContradictions(parsed, startShop, kills))
        {
            yield return fault;
        }

        if (kills is not null && !OperatingSystem.IsLinux())
        {
            yield return $"--kills: {kills} needs Linux, whose /proc tells which process is whose";
        }
    }

    private IEnumerable<string> FindDrillContradictions(ParseResult parsed, bool startShop, int? kills)
    {
        if (parsed.GetValue(_scenario) is not { } scenario)
        {
            if (parsed.GetValue(_chart) is { } chart)
            {
                yield return $"--chart: '{chart}' needs --scenario NAME";
            }

            yield break;
        }

        if (!DrillCatalog.All.ContainsKey(scenario))
        {
            yield return $"--scenario: '{scenario}' is not known; it must be one of {string.Join(", ", DrillCatalog.All.Keys)}";
        }

        if (!startShop)
        {
            yield return $"--scenario: {scenario} needs --start-shop; only a shop of the tool's own is drilled";
        }

        if (kills is not null)
        {
            yield return $"--scenario: {scenario} cannot be combined with --kills {kills}; use one or the other";
        }

        if (parsed.GetValue(_buyers) is { } buyers)
        {
            yield return $"--scenario: {scenario} cannot be combined with --buyers {buyers}; it needs orders that flow, so name a FILE";
        }

        if (parsed.GetValue(_rate) is 0)
        {
            yield return $"--rate: 0 cannot be combined with --scenario {scenario}; its steps have their times, so the rate must be above 0";
        }
    }

    private static bool IsLocal(Uri gateway) =>
        gateway.IsLoopback
        || gateway.Host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(gateway.DnsSafeHost, out var address) && IPAddress.IsLoopback(address));

    private static string NewRunId(TimeProvider time) =>
        string.Create(CultureInfo.InvariantCulture, $"{time.GetUtcNow():yyyyMMddTHHmmss}-{RandomNumberGenerator.GetHexString(6, lowercase: true)}");
}
