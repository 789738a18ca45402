using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace ResilientShop.Resilience.Durable.Idempotency;

/// <summary>Deletes old keys, a batch at a time. Every instance does it; they skip what another is deleting.</summary>
internal sealed partial class IdempotencyCleaner(
    PostgresIdempotencyStore store, IOptions<PostgresIdempotencyOptions> options, TimeProvider time, ILogger<IdempotencyCleaner> logger) : BackgroundService
{
    private readonly PostgresIdempotencyOptions _options = options.Value;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var unrecorded = DurableTelemetry.Unrecorded();
        using var timer = new PeriodicTimer(_options.CleaningInterval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                await TryCleanAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops; what is left is deleted by whoever runs next.
            return;
        }
    }

    private async Task TryCleanAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (await store.ForgetAsync(_options.CleaningBatch, cancellationToken) == _options.CleaningBatch)
            {
                cancellationToken.ThrowIfCancellationRequested();
            }
        }
        catch (NpgsqlException exception)
        {
            LogInterrupted(exception.Message);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Old idempotency keys were not deleted, the next round tries again: {Reason}")]
    private partial void LogInterrupted(string reason);
}
