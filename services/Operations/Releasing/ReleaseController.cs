using Npgsql;
using ResilientShop.Resilience.Policies;

namespace ResilientShop.Operations.Releasing;

/// <summary>
/// Lets the gate look at the releases under way, once a second those that are due; and every few seconds for releases that another process began and does not look after any
/// more, be it this one's predecessor or an instance beside it.
/// </summary>
internal sealed partial class ReleaseController(ReleaseRuns runs, TimeProvider time, ILogger<ReleaseController> logger) : BackgroundService
{
    private const int LooksBetweenOrphans = 3;

    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        for (var look = 0; ; look++)
        {
            try
            {
                await runs.LookAsync(stoppingToken);
                if (look % LooksBetweenOrphans == 0)
                {
                    await runs.ResumeAsync(stoppingToken);
                }
            }
            catch (Exception exception) when (exception is PolicyStoreException or NpgsqlException && !stoppingToken.IsCancellationRequested)
            {
                // The share stays as it is as long as the lease lives; then the stable release serves everybody.
                LogNotNow(exception.Message);
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                LogFailed(exception);
            }

            await Task.Delay(Look, time, stoppingToken);
        }
    }

    [LoggerMessage(LogLevel.Warning, "Releases could not be looked after; it is tried again: {Problem}")]
    private partial void LogNotNow(string problem);

    [LoggerMessage(LogLevel.Error, "Looking after releases failed unexpectedly; it is tried again")]
    private partial void LogFailed(Exception exception);
}
