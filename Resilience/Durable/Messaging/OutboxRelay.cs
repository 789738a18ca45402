using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace ResilientShop.Resilience.Durable.Messaging;

/// <summary>
/// Carries the outbox to the broker. Of all instances that share a database one is the relay at a time: it holds an advisory lock on a
/// connection of its own, and reads and deletes on that same connection, so an instance that lost the lock cannot remove a row.
/// A row is deleted once the broker has acknowledged it; a batch in doubt is sent again.
/// </summary>
internal sealed partial class OutboxRelay(
    NpgsqlDataSource dataSource,
    IOutboxPublisher publisher,
    OutboxSignal signal,
    OutboxMetrics metrics,
    IOptions<OutboxOptions> options,
    TimeProvider time,
    ILogger<OutboxRelay> logger) : BackgroundService
{
    private readonly OutboxOptions _options = options.Value;
    private int _failures;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var unrecorded = DurableTelemetry.Unrecorded();
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await LeadOrStandByAsync(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception) when (exception is NpgsqlException or PublishException or TimeoutException or IOException)
            {
                await BackOffAsync(exception, stoppingToken);
            }
        }
    }

    private async Task LeadOrStandByAsync(CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        if (!await OutboxTable.TryLockAsync(connection, cancellationToken))
        {
            await StandByAsync(connection, cancellationToken);
            return;
        }

        try
        {
            await OutboxTable.ListenAsync(connection, cancellationToken);
            LogLeading();
            await LeadAsync(connection, cancellationToken);
        }
        finally
        {
            await OutboxTable.UnlockAsync(connection);
        }
    }

    /// <summary>Passes on what this instance commits; its own wake-ups do not reach the relay elsewhere.</summary>
    private async Task StandByAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await connection.CloseAsync();
        if (await signal.WaitAsync(_options.LeaderInterval, cancellationToken))
        {
            await connection.OpenAsync(cancellationToken);
            await OutboxTable.NotifyAsync(connection, cancellationToken);
            await connection.CloseAsync();
            await Task.Delay(_options.Linger, time, cancellationToken);
        }
    }

    private async Task LeadAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        while (true)
        {
            var (rows, hasMore) = await OutboxTable.ReadAsync(connection, _options.BatchSize, cancellationToken);
            if (rows.Count > 0)
            {
                await RelayAsync(connection, rows, cancellationToken);
                Recovered();
            }

            if (!hasMore)
            {
                await WaitForMoreAsync(connection, cancellationToken);
            }
        }
    }

    private async Task RelayAsync(NpgsqlConnection connection, List<OutboxRow> rows, CancellationToken cancellationToken)
    {
        var result = await publisher.PublishAsync(rows, cancellationToken);
        await OutboxTable.DeleteAsync(connection, result.Acknowledged, cancellationToken);
        metrics.Published(result.Acknowledged.Length);
        foreach (var (row, reason) in result.Refused)
        {
            await OutboxTable.ParkAsync(connection, row.Id, reason, cancellationToken);
            metrics.Parked();
            LogParked(row.Id, row.Message.Topic, row.Message.Type, row.Message.Key, reason);
        }
    }

    private async Task WaitForMoreAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await Task.Delay(_options.Linger, time, cancellationToken);
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var elsewhere = connection.WaitAsync(enough.Token);
        var here = signal.WaitAsync(_options.PollInterval, enough.Token);
        await Task.WhenAny(elsewhere, here);
        await enough.CancelAsync();
        await ObserveAsync(here, enough.Token);
        await ObserveAsync(elsewhere, enough.Token);
        cancellationToken.ThrowIfCancellationRequested();
    }

    /// <summary>Waits for the loser of a race to end: the connection is free again only then. A lost connection is not swallowed.</summary>
    private static async Task ObserveAsync(Task task, CancellationToken cancelled)
    {
        try
        {
            await task;
        }
        catch (OperationCanceledException) when (cancelled.IsCancellationRequested)
        {
            // We ended it ourselves: the other side of the race won.
            return;
        }
    }

    private async Task BackOffAsync(Exception exception, CancellationToken cancellationToken)
    {
        if (_failures == 0)
        {
            LogInterrupted(exception.Message);
        }

        var wait = Backoff.WithJitter(
            Backoff.Exponential(Backoff.DefaultBase, _options.MaxBackoff, _failures++), Backoff.DefaultJitterFactor, Random.Shared.NextDouble());
        try
        {
            await Task.Delay(wait, time, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // The loop ends by itself.
            return;
        }
    }

    private void Recovered()
    {
        if (_failures > 0)
        {
            LogResumed(_failures);
            _failures = 0;
        }
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "This instance relays the outbox")]
    private partial void LogLeading();

    [LoggerMessage(Level = LogLevel.Warning, Message = "Outbox relay interrupted, messages are kept and sent later: {Reason}")]
    private partial void LogInterrupted(string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "Outbox relay resumed after {Failures} failures")]
    private partial void LogResumed(int failures);

    [LoggerMessage(Level = LogLevel.Error, Message = "Outbox row {Id} ({Topic}, {Type}, key {Key}) is parked, the broker will never take it: {Reason}")]
    private partial void LogParked(long id, string topic, string type, string key, string reason);
}
