using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using ResilientShop.Resilience.Policies;

namespace ResilientShop.Resilience.Http;

/// <summary>
/// Tells the fleet when this instance's own signals degrade its service, follows what others and operators say of it, and forces the breakers of services that are broken.
/// Without the store everything goes on by the instance's own signals and by what <see cref="FleetFollower"/> still believes.
/// </summary>
internal sealed partial class FleetService(
    IFleetStore store, FleetFollower follower, FleetSpeaker speaker, ServiceDegradation service, FleetIdentity identity, TimeProvider time, ILogger<FleetService> logger) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private bool _speaks;
    private DegradationChange? _untold;

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);

        // What a process said that ends in order need not outlast it.
        await store.DisposeAsync();
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(KeepRunningAsync("follow", FollowAsync, stoppingToken), KeepRunningAsync("tell", SpeakAsync, stoppingToken));

    /// <summary>A defect must not end one half unnoticed while the other goes on.</summary>
    private async Task KeepRunningAsync(string what, Func<CancellationToken, Task> run, CancellationToken cancellationToken)
    {
        await Task.Yield();
        while (true)
        {
            try
            {
                await run(cancellationToken);
                return;
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
            {
                LogBroken(what, exception);
                await Task.Delay(Pause, time, cancellationToken);
            }
        }
    }

    private async Task FollowAsync(CancellationToken cancellationToken)
    {
        await foreach (var fleet in store.WatchAsync(follower.Report, cancellationToken))
        {
            follower.Take(fleet);
        }
    }

    private async Task SpeakAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            // What was not told when the loop broke is told when it runs again.
            _untold ??= await speaker.Changes.ReadAsync(cancellationToken);
            while (!await TryTellAsync(_untold, cancellationToken))
            {
                await Task.Delay(Pause, time, cancellationToken);
                if (speaker.Changes.TryPeek(out _))
                {
                    break;
                }
            }

            _untold = null;
        }
    }

    /// <summary>Tells where the service stands now, whatever it has gone through since the change that this is told for.</summary>
    private async Task<bool> TryTellAsync(DegradationChange change, CancellationToken cancellationToken)
    {
        var position = service.Current;
        var own = position.State;
        try
        {
            if (own is { Level: >= DegradationLevel.Degraded, IsForced: false })
            {
                _speaks = true;
                await store.LeadAsync(
                    service.Service, new FleetDegradation(own.Level, own.NormalShare(position.Policy), IsForced: false, change.Reason, identity.Name, change.At), cancellationToken);
            }
            else if (_speaks)
            {
                await store.WithdrawAsync(service.Service, cancellationToken);
                _speaks = false;
            }

            return true;
        }
        catch (PolicyStoreException exception)
        {
            LogNotTold(exception.Message);
            return false;
        }
    }

    [LoggerMessage(LogLevel.Error, "To {What} the fleet's degradation met what nobody expected; it begins again")]
    private partial void LogBroken(string what, Exception exception);

    [LoggerMessage(LogLevel.Warning, "The fleet could not be told; it is tried again: {Problem}")]
    private partial void LogNotTold(string problem);
}

/// <summary>Who this instance is in the fleet. Immutable.</summary>
/// <param name="Name">Its name, alone in the fleet.</param>
public sealed record FleetIdentity(string Name);
