using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OpenTelemetry;

namespace ResilientShop.ServiceDefaults.WarmUp;

/// <summary>Runs every <see cref="IWarmUp"/> once the server listens; as a health check it fails until that is done.</summary>
internal sealed partial class WarmUpService(
    IEnumerable<IWarmUp> paths, IOptions<WarmUpOptions> options, IHostApplicationLifetime lifetime, TimeProvider time, ILogger<WarmUpService> logger)
    : BackgroundService, IHealthCheck
{
    private readonly TaskCompletionSource _listening = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _warm = options.Value.Rounds == 0;

    /// <summary>Whether real traffic may come.</summary>
    public bool IsWarm => _warm;

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(_warm ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy("warming up"));

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (_warm)
        {
            return;
        }

        await using var started = lifetime.ApplicationStarted.Register(_listening.SetResult);
        await _listening.Task.WaitAsync(stoppingToken);
        var startedAt = time.GetTimestamp();
        using var limit = new CancellationTokenSource(TimeSpan.FromMilliseconds(options.Value.LimitMs), time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, stoppingToken);

        // Nobody wants to see these calls among the traces of real ones.
        using var untraced = SuppressInstrumentationScope.Begin();
        for (var round = 0; round < options.Value.Rounds && !either.IsCancellationRequested; round++)
        {
            await Task.WhenAll(paths.Select(path => TakeAsync(path, either.Token)));
        }

        _warm = true;
        LogWarm(time.GetElapsedTime(startedAt).TotalMilliseconds);
    }

    private async Task TakeAsync(IWarmUp path, CancellationToken cancellationToken)
    {
        try
        {
            await path.RunAsync(cancellationToken);
        }
        catch (Exception exception)
        {
            // What it needs may not be up yet. The next round tries again, and without a next one the service is cold but right.
            LogFailed(path.GetType().Name, exception.Message);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Warm after {Milliseconds:0} ms")]
    private partial void LogWarm(double milliseconds);

    [LoggerMessage(Level = LogLevel.Debug, Message = "Warm-up {Path} failed: {Reason}")]
    private partial void LogFailed(string path, string reason);
}
