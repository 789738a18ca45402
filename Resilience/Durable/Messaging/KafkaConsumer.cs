using System.Diagnostics;
using Confluent.Kafka;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace ResilientShop.Resilience.Durable.Messaging;

/// <summary>
/// Reads batches from a topic and hands each to an <see cref="IMessageHandler{T}"/> inside one transaction with the inbox; offsets are
/// committed after that transaction. So every message has its effect once, whatever is repeated. Absent brokers and topics are waited
/// for. What cannot be decoded is logged, counted and passed over, so that one bad message does not stop the rest.
/// </summary>
internal sealed partial class KafkaConsumer<T>(
    string bootstrapServers,
    KafkaConsumerOptions options,
    NpgsqlDataSource dataSource,
    IMessageHandler<T> handler,
    ConsumerStatus status,
    TimeProvider time,
    ILogger<KafkaConsumer<T>> logger) : BackgroundService
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LookTimeout = TimeSpan.FromSeconds(1);

    private readonly ConsumedBatch<T> _batch = new(options.BatchSize);
    private readonly InboxCleaner _cleaner = new(dataSource, options.GroupId, options.InboxRetention, time);
    private int _failures;
    private long _lookedAt;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // The first contact with a broker must not delay the start of the host.
        await Task.Yield();
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await RunAsync(stoppingToken);
            }
            catch (KafkaException exception)
            {
                // Fatal for this client, not for us: a new one starts from the committed offsets.
                status.Problem = exception.Error.Reason;
                LogInterrupted(options.Topic, exception.Error.Reason);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                LogStopping(options.Topic);
            }
        }
    }

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        using var consumer = Build();
        consumer.Subscribe(options.Topic);
        try
        {
            while (true)
            {
                await ConsumeAsync(consumer, cancellationToken);
            }
        }
        finally
        {
            // Leaving the group lets the others take the partitions over at once.
            consumer.Close();
        }
    }

    private async Task ConsumeAsync(IConsumer<string, byte[]> consumer, CancellationToken cancellationToken)
    {
        try
        {
            Read(consumer);
            if (_batch.IsEmpty)
            {
                await _cleaner.CleanAsync(cancellationToken);
                await Task.Delay(options.PollInterval, time, cancellationToken);
                await LookForBrokerAsync(consumer);
                return;
            }

            await HandleAsync(cancellationToken);
            consumer.Commit(_batch.NextOffsets);
            Recovered();
        }
        catch (ConsumeException exception) when (!exception.Error.IsFatal)
        {
            Rewind(consumer);

            // An unknown topic is created by its first message; it is no failure.
            var known = exception.Error.Code is ErrorCode.UnknownTopicOrPart or ErrorCode.Local_UnknownTopic;
            await BackOffAsync(known ? null : exception.Error.Reason, cancellationToken);
        }
        catch (KafkaException exception) when (!exception.Error.IsFatal)
        {
            // The effect is stored, only the offsets are not: the inbox recognises the repeats.
            await BackOffAsync(exception.Error.Reason, cancellationToken);
        }
        catch (Exception exception) when (exception is not KafkaException && !cancellationToken.IsCancellationRequested)
        {
            Rewind(consumer);
            await BackOffAsync(exception.Message, cancellationToken);
        }
        finally
        {
            _batch.Clear();
        }
    }

    private void Read(IConsumer<string, byte[]> consumer)
    {
        while (!_batch.IsFull && consumer.Consume(TimeSpan.Zero) is { } result)
        {
            try
            {
                var type = result.Message.Headers.FindText(MessageHeaders.MessageType);
                _batch.Add(result, type, handler.Decode(result.Message.Value, type));
            }
            catch (Exception exception)
            {
                // Decoding is pure: whatever it throws, it will throw again.
                _batch.Skip(result);
                status.AddParked();
                ConsumerMetrics.Parked(options.Topic, options.GroupId);
                LogParked(result.Topic, result.Partition.Value, result.Offset.Value, exception.Message);
            }
        }
    }

    private async Task HandleAsync(CancellationToken cancellationToken)
    {
        if (_batch.Messages.Count == 0)
        {
            return;
        }

        using var activity = _batch.StartActivity(options.Topic, options.GroupId);
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var added = await Inbox.TryRecordAsync(
            connection, transaction, options.GroupId, [.. _batch.Messages.Select(message => message.MessageId)], cancellationToken);
        var fresh = _batch.Messages.Where(message => added.Contains(message.MessageId)).DistinctBy(message => message.MessageId).ToList();
        if (fresh.Count > 0)
        {
            await handler.HandleAsync(fresh, connection, transaction, cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
        status.AddHandled(fresh.Count);
        ConsumerMetrics.Handled(options.Topic, options.GroupId, fresh.Count, _batch.Messages.Count - fresh.Count);
    }

    /// <summary>The client tells when brokers go, not when they come back; without a message nobody would notice.</summary>
    private async Task LookForBrokerAsync(IConsumer<string, byte[]> consumer)
    {
        if (status.Problem is null || time.GetElapsedTime(_lookedAt) < LookInterval || consumer.Assignment.Count == 0)
        {
            return;
        }

        _lookedAt = time.GetTimestamp();
        await Task.Run(() => consumer.Committed(consumer.Assignment, LookTimeout));
        Recovered();
    }

    private void Rewind(IConsumer<string, byte[]> consumer)
    {
        foreach (var first in _batch.FirstOffsets)
        {
            try
            {
                consumer.Seek(first);
            }
            catch (KafkaException exception)
            {
                // The partition was taken away meanwhile; its new owner starts from the committed offset.
                LogNotRewound(first.ToString(), exception.Error.Reason);
            }
        }
    }

    private async Task BackOffAsync(string? problem, CancellationToken cancellationToken)
    {
        if (problem is not null && status.Problem is null)
        {
            LogInterrupted(options.Topic, problem);
        }

        status.Problem = problem ?? status.Problem;
        var wait = Backoff.WithJitter(
            Backoff.Exponential(Backoff.DefaultBase, options.MaxBackoff, _failures++), Backoff.DefaultJitterFactor, Random.Shared.NextDouble());
        await Task.Delay(wait, time, cancellationToken);
    }

    private void Recovered()
    {
        if (status.Problem is not null)
        {
            LogResumed(options.Topic, _failures);
        }

        status.Problem = null;
        _failures = 0;
    }

    private IConsumer<string, byte[]> Build() =>
        new ConsumerBuilder<string, byte[]>(new ConsumerConfig
        {
            BootstrapServers = bootstrapServers,
            GroupId = options.GroupId,
            AutoOffsetReset = AutoOffsetReset.Earliest,
            EnableAutoCommit = false,
            EnableAutoOffsetStore = false,
            AllowAutoCreateTopics = true,
            SessionTimeoutMs = 10_000,
            HeartbeatIntervalMs = 2_000,
            ReconnectBackoffMaxMs = 2_000,
            TopicMetadataRefreshIntervalMs = 5_000,
            FetchWaitMaxMs = 100,
            QueuedMinMessages = 1_000,
            QueuedMaxMessagesKbytes = 8 * 1024,
            SocketKeepaliveEnable = true,
        })
        .SetLogHandler((_, message) => KafkaLog.Write(logger, message))
        .SetErrorHandler((_, error) => OnError(error))
        .SetPartitionsAssignedHandler((_, _) => Recovered())
        .Build();

    private void OnError(Error error)
    {
        KafkaLog.Write(logger, error);
        if (error.Code == ErrorCode.Local_AllBrokersDown && status.Problem is null)
        {
            status.Problem = error.Reason;
            LogInterrupted(options.Topic, error.Reason);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Consuming {Topic} is interrupted and goes on by itself: {Reason}")]
    private partial void LogInterrupted(string topic, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "Consuming {Topic} resumed after {Failures} failures")]
    private partial void LogResumed(string topic, int failures);

    [LoggerMessage(Level = LogLevel.Error, Message = "Message at {Topic}/{Partition}/{Offset} is parked: {Reason}")]
    private partial void LogParked(string topic, int partition, long offset, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "Did not rewind to {Offset}: {Reason}")]
    private partial void LogNotRewound(string offset, string reason);

    [LoggerMessage(Level = LogLevel.Debug, Message = "Consuming {Topic} stops")]
    private partial void LogStopping(string topic);
}
