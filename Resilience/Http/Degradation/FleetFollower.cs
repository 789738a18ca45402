using Microsoft.Extensions.Logging;
using ResilientShop.Resilience.Policies;

namespace ResilientShop.Resilience.Http;

/// <summary>
/// Follows what the fleet says: this instance's service and the breakers of its dependencies go by it. While the store is away the last word holds for as long as the store
/// itself would keep it without whoever said it; then only what operators said holds, because nobody knows of the rest whether it is still true. Thread-safe.
/// </summary>
internal sealed partial class FleetFollower(
    IFleetStore store, ServiceDegradation service, DependencyRegistry dependencies, FleetState state, FleetIdentity identity, TimeProvider time, ILogger<FleetFollower> logger) : IDisposable
{
    private readonly Lock _following = new();
    private string? _problem;
    private ITimer? _patience;

    /// <summary>Takes a state that the store has just told.</summary>
    public void Take(IReadOnlyDictionary<string, FleetDegradation> fleet)
    {
        lock (_following)
        {
            // The store was there a moment ago; if it has a problem still, patience begins anew.
            Await(_problem is not null);
            state.Problem = _problem;
            Follow(fleet);
        }
    }

    /// <summary>Takes what goes wrong with the store, or null when all is well again.</summary>
    public void Report(PolicyStoreException? problem)
    {
        lock (_following)
        {
            if (problem is null)
            {
                Await(false);
                LogFollows(store.Name);
            }
            else
            {
                if (_problem is null)
                {
                    Await(true);
                }

                LogCut(store.Lease.TotalSeconds, problem.Message);
            }

            state.Problem = _problem = problem?.Message;
        }
    }

    public void Dispose()
    {
        lock (_following)
        {
            Await(false);
        }
    }

    /// <summary>Starts to wait for the store anew, or waits no longer.</summary>
    private void Await(bool isAway)
    {
        _patience?.Dispose();
        _patience = null;
        if (isAway)
        {
            var turn = new Turn();
            _patience = turn.Timer = time.CreateTimer(GiveUp, turn, store.Lease, Timeout.InfiniteTimeSpan);
        }
    }

    private void GiveUp(object? turn)
    {
        lock (_following)
        {
            // A timer may fire while it is disposed of; what came meanwhile is newer than its word.
            if (_patience is null || ((Turn)turn!).Timer != _patience)
            {
                return;
            }

            Await(false);
            LogGaveUp(store.Lease.TotalSeconds);
            Follow(state.Current.Where(said => said.Value.IsForced).ToDictionary(StringComparer.Ordinal));
        }
    }

    private void Follow(IReadOnlyDictionary<string, FleetDegradation> fleet)
    {
        state.Current = fleet;
        dependencies.Follow(fleet);
        var said = fleet.GetValueOrDefault(service.Service);
        service.Follow(said is { IsForced: false } && said.By == identity.Name ? null : said);
    }

    [LoggerMessage(LogLevel.Information, "Degradation of the fleet is followed in {Store}")]
    private partial void LogFollows(string store);

    [LoggerMessage(LogLevel.Warning, "Degradation of the fleet cannot be followed; what was said last holds for {Seconds} s, what operators said for longer: {Problem}")]
    private partial void LogCut(double seconds, string problem);

    [LoggerMessage(LogLevel.Warning, "Degradation of the fleet could not be followed for {Seconds} s; until it can, only what operators said holds")]
    private partial void LogGaveUp(double seconds);

    private sealed class Turn
    {
        public ITimer? Timer { get; set; }
    }
}
