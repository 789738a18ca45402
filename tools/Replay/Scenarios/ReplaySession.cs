using Replay.Books;
using Replay.CommandLine;
using Replay.Drills;
using Replay.Faults;
using Replay.Load;
using Replay.OwnShop;
using Replay.Reporting;
using Replay.Shop;

namespace Replay.Scenarios;

/// <summary>
/// One run of a scenario against one shop: seed the stock, send while faults are done, wait, check the books, sum up. For one use.
/// </summary>
internal sealed class ReplaySession : IDisposable
{
    // Database and tool may round the same instant differently.
    private static readonly TimeSpan ClockTolerance = TimeSpan.FromSeconds(2);

    private readonly IScenario _scenario;
    private readonly ReplaySettings _settings;
    private readonly ShopAddresses? _ownShop;
    private readonly FaultRun? _faults;
    private readonly ReplayConsole _console;
    private readonly TimeProvider _time;
    private readonly CallCounts _calls = new();
    private readonly HttpClient _http;
    private readonly ShopClient _shop;
    private readonly LoadRun _run;
    private readonly List<Violation> _violations = [];
    private BooksResult? _books;
    private ShopBooksResult? _shopBooks;

    /// <summary>
    /// Prepares the run. <paramref name="ownShop"/> is where the shop listens when it was started for this run only; <paramref name="faults"/> are done to it.
    /// </summary>
    public ReplaySession(IScenario scenario, ReplaySettings settings, ShopAddresses? ownShop, FaultRun? faults, ReplayConsole console, TimeProvider time)
    {
        _scenario = scenario;
        _settings = settings;
        _ownShop = ownShop;
        _faults = faults;
        _console = console;
        _time = time;
        _http = ShopConnection.Open(settings.Gateway, settings.Load.Concurrency, settings.GatewayIsLocal);
        _shop = new ShopClient(_http, settings.Retries, _calls, time);
        _run = new LoadRun(scenario.Plan, _shop, settings.Load, time);
    }

    /// <summary>What is drilled while orders flow; null for nothing.</summary>
    public DrillRun? Drill { get; init; }

    // Look-ups beside the orders: enough to be quick, too few to be a load of their own.
    private int ReadConcurrency => Math.Min(_settings.Load.Concurrency, 16);

    /// <summary>Null when the gateway is the shop's and answers, else what is wrong.</summary>
    public Task<string?> FindGatewayFaultAsync(CancellationToken cancellationToken)
    {
        var uncounted = new CallCounts();
        var once = new ShopClient(_http, _settings.Retries with { MaxRetries = 0 }, uncounted, _time);
        var patient = new ShopClient(_http, _settings.Retries, uncounted, _time);
        return GatewayProbe.FindFaultAsync(_settings.Gateway, once, patient, cancellationToken);
    }

    /// <summary>Plays the scenario. An interruption ends it early with what is known by then.</summary>
    public async Task<(Summary Summary, Report Report)> RunAsync(CancellationToken cancellationToken)
    {
        var interrupted = false;
        try
        {
            await _console.ShowProgressAsync(board => PlayAsync(board, cancellationToken), _time);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            interrupted = true;
        }

        var summary = SummaryBuilder.Build(
            _settings.RunId, _scenario.Source, _run, _calls, _books, _violations, interrupted, _scenario.Plan.Stock.Count) with
        {
            Shop = _shopBooks is null ? null : ShopSummary.Of(_shopBooks),
            Faults = _faults is null ? null : FaultSummary.Of(_faults.Plan, _faults.Outcomes, _settings.Faults!.Command),
            Drill = Drill is null ? null : DrillSummary.Of(Drill, _run.Orders, _time),
        };
        return (summary, Report.Of(summary, _violations, _scenario.Source, _run));
    }

    /// <summary>The orders of the drill as SVG, when the run is over; null without a drill.</summary>
    public string? Chart() => Drill is null ? null : DrillChart.Draw(Drill, _run.Orders, _time);

    /// <inheritdoc />
    public void Dispose()
    {
        _run.Dispose();
        _http.Dispose();
    }

    private async Task PlayAsync(IProgressBoard board, CancellationToken cancellationToken)
    {
        IReadOnlyDictionary<string, StockView> before;
        using (var stage = board.Begin("Seeding stock", _scenario.Plan.Stock.Count))
        {
            (before, var faults) = await new StockSeeding(_shop, ReadConcurrency).SeedAsync(_scenario.Plan.Stock, stage, cancellationToken);
            _violations.AddRange(faults);
        }

        if (_violations.Count > 0)
        {
            // Orders against a stock that is not what it should be would only add violations.
            return;
        }

        var start = _time.GetUtcNow() - ClockTolerance;
        using (var stage = board.Begin("Sending orders", _scenario.Plan.Steps.Count))
        {
            var trouble = _faults?.RunAsync(board, cancellationToken) ?? Drill?.RunAsync(board, cancellationToken) ?? Task.CompletedTask;
            await Task.WhenAll(trouble, _run.SendAsync(trouble, stage, cancellationToken));
        }

        var reader = new LedgerReader(_shop, ReadConcurrency, _time);
        var check = new BooksCheck(reader, new RepeatCheck(_shop, reader, ReadConcurrency));
        _books = await check.CheckAsync(_scenario.Plan, _run, before, start, board, cancellationToken);
        _violations.AddRange(_books.Violations);
        _violations.AddRange(_scenario.Judge(_run.Orders));
        _violations.AddRange((_faults?.Outcomes ?? []).Where(outcome => outcome.Problem is not null).Select(outcome => new Violation(Rules.Recovered, outcome.Problem!)));
        _violations.AddRange(_faults is null ? [] : _run.Orders.Where(order => order.IsLate).Select(Late));
        _violations.AddRange((Drill?.Drill.Expectations ?? []).Where(expectation => !expectation.Holds(Drill!.Record)).Select(expectation => new Violation(Rules.AsDrilled, $"{expectation.Text}: it was not so")));
        await CheckOwnShopAsync(board, cancellationToken);
    }

    private Violation Late(OrderRun order) => new(
        Rules.InTime,
        FormattableString.Invariant($"order {order.Id} of {order.Order.Invoice} had not ended {_settings.Load.Settle.TotalSeconds:0} s after it was sent and the last fault was over"))
    {
        Invoice = order.Order.Invoice,
        OrderId = order.Id,
    };

    private async Task CheckOwnShopAsync(IProgressBoard board, CancellationToken cancellationToken)
    {
        if (_ownShop is null)
        {
            return;
        }

        using var stage = board.Begin("Checking outbox and events", 1);
        using var books = new ShopBooks(_ownShop, _settings.Load.Settle, _time);
        _shopBooks = await books.CheckAsync(_run.Orders, cancellationToken);
        _violations.AddRange(_shopBooks.Violations);
        stage.Advance();
    }
}
