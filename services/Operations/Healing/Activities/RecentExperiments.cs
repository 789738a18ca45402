using System.Globalization;
using ResilientShop.Resilience;
using ResilientShop.Resilience.Durable;
using ResilientShop.Resilience.Policies;

namespace ResilientShop.Operations.Healing.Activities;

/// <summary>
/// Which chaos experiments were under way lately: follows their store and remembers those that have ended for as long as letters are suspected to come of them. Knows nothing where
/// instances tell each other nothing. Thread-safe.
/// </summary>
internal sealed partial class RecentExperiments(IServiceProvider services, FleetFacts fleet, TimeProvider time, ILogger<RecentExperiments> logger) : BackgroundService
{
    /// <summary>An outage outlasts its cause: breakers stay open, retries go on.</summary>
    private static readonly TimeSpan Aftermath = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan Remembered = TimeSpan.FromHours(1);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly IExperimentStore? _store = services.GetService<IExperimentStore>();
    private readonly Lock _changing = new();
    private List<Sighting> _seen = [];
    private string? _problem = "The store has not answered yet.";

    /// <summary>Adds a sentence for each that may concern the letter.</summary>
    /// <param name="letter">What failed.</param>
    /// <param name="since">Those that ended before are not looked at.</param>
    /// <param name="facts">Where sentences are added.</param>
    /// <returns>Why it failed, where one was under way then or just before; null where none was.</returns>
    public string? Find(DeadLetter letter, DateTimeOffset since, List<string> facts)
    {
        if (_store is null)
        {
            return null;
        }

        List<Sighting> seen;
        lock (_changing)
        {
            seen = _seen;
            if (_problem is not null)
            {
                facts.Add($"Which experiments are under way is not known for certain: {_problem}");
            }
        }

        var around = fleet.AroundOf(letter.ServiceName);
        var close = seen.Where(one => one.Began <= letter.Time && one.IsUnderWayAt(since) && one.Said.Concerns(around)).ToList();
        facts.AddRange(close.Select(one => string.Create(
            CultureInfo.InvariantCulture, $"{one} began {(letter.Time - one.Began).TotalSeconds:0} s before{(one.Ended is { } ended ? $" and was over {Length(ended - letter.Time)}" : " and is under way")}.")));
        return close.LastOrDefault(one => one.IsUnderWayAt(letter.Time - Aftermath)) is { } guilty ? $"It was made to fail: {guilty} was under way." : null;
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        if (_store is not null)
        {
            await _store.DisposeAsync();
        }
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        _store is null ? Task.CompletedTask : WorkLoop.RunAsync(() => FollowAsync(_store, stoppingToken), Pause, time, LogBroken, stoppingToken);

    private async Task FollowAsync(IExperimentStore store, CancellationToken cancellationToken)
    {
        await foreach (var experiments in store.WatchAsync(Report, cancellationToken))
        {
            Take(experiments);
        }
    }

    private void Report(PolicyStoreException? problem)
    {
        lock (_changing)
        {
            _problem = problem?.Message;
        }
    }

    /// <summary>Those that are new began now, unless they say when; those that are there no longer have ended now.</summary>
    private void Take(IReadOnlyDictionary<string, RunningExperiment> experiments)
    {
        var now = time.GetUtcNow();
        lock (_changing)
        {
            var known = _seen.Where(one => one.Ended is null || now - one.Ended < Remembered)
                .Select(one => one.Ended is not null ? one : experiments.TryGetValue(one.Name, out var said) ? one with { Said = said } : one with { Ended = now }).ToList();
            var running = known.Where(one => one.Ended is null).Select(one => one.Name).ToHashSet(StringComparer.Ordinal);
            known.AddRange(experiments.Where(one => !running.Contains(one.Key)).Select(one => new Sighting(one.Key, one.Value, one.Value.Since is { } since && since < now ? since : now, Ended: null)));
            _seen = known;
        }
    }

    private static string Length(TimeSpan time) =>
        string.Create(CultureInfo.InvariantCulture, $"{time.Duration().TotalSeconds:0} s {(time < TimeSpan.Zero ? "before" : "after")}");

    [LoggerMessage(LogLevel.Warning, "Experiments cannot be followed; it is tried again: {Problem}")]
    private partial void LogBroken(string problem);

    private sealed record Sighting(string Name, RunningExperiment Said, DateTimeOffset Began, DateTimeOffset? Ended)
    {
        public bool IsUnderWayAt(DateTimeOffset moment) => Ended is null || Ended >= moment;

        public override string ToString() =>
            $"Experiment {Name}{(Said.Fault is { } fault ? $" ({fault})" : "")}{(Said.Services.Count > 0 ? $" on {string.Join(", ", Said.Services)}" : "")}{(Said.By is { } by ? $" by {by}" : "")}";
    }
}
