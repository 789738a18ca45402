using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using ResilientShop.Resilience.Policies;

namespace ResilientShop.Resilience.Http;

/// <summary>
/// Follows the releases of all services. While the store is away they go on as they are, but for those that are analysed: after the time of a lease nobody says any more that
/// somebody looks after them, and the stable release serves who did not ask for another.
/// </summary>
internal sealed partial class ReleaseService(
    IReleaseStore store, DependencyRegistry dependencies, ReleaseState state, TimeProvider time, ILogger<ReleaseService> logger) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly Lock _taking = new();
    private ITimer? _patience;

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await store.DisposeAsync();
    }

    public override void Dispose()
    {
        _patience?.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        while (true)
        {
            try
            {
                await foreach (var releases in store.WatchAsync(Report, stoppingToken))
                {
                    Take(releases);
                }
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                LogFailed(exception);
                await Task.Delay(Pause, time, stoppingToken);
            }
        }
    }

    private void Take(IReadOnlyDictionary<string, FleetRelease> releases)
    {
        lock (_taking)
        {
            StopWaiting();
            state.Problem = null;
            state.Current = releases;
            dependencies.Follow(releases);
        }
    }

    private void Report(PolicyStoreException? problem)
    {
        if (problem is null)
        {
            LogFollows(store.Name);
            return;
        }

        LogCut(problem.Message);
        lock (_taking)
        {
            state.Problem = problem.Message;
            _patience ??= time.CreateTimer(_ => Forget(), null, store.Lease, Timeout.InfiniteTimeSpan);
        }
    }

    private void Forget()
    {
        lock (_taking)
        {
            if (_patience is null)
            {
                return; // Contact came back at the same moment.
            }

            var settled = state.Current.Where(release => release.Value.Stage != ReleaseStage.Analysing).ToDictionary(StringComparer.Ordinal);
            state.Current = settled;
            dependencies.Follow(settled);
        }
    }

    private void StopWaiting()
    {
        _patience?.Dispose();
        _patience = null;
    }

    [LoggerMessage(LogLevel.Information, "Releases are followed in {Store}")]
    private partial void LogFollows(string store);

    [LoggerMessage(LogLevel.Warning, "Releases cannot be followed; those that are analysed count as over soon: {Problem}")]
    private partial void LogCut(string problem);

    [LoggerMessage(LogLevel.Error, "Following releases failed unexpectedly; it is tried again")]
    private partial void LogFailed(Exception exception);
}
