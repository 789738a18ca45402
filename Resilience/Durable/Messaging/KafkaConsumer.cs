using Confluent.Kafka;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace ResilientShop.Resilience.Durable.Messaging;

/// <summary>
/// Reads batches from a topic and hands each to an <see cref="IMessageHandler{T}"/> inside one transaction with the inbox; offsets are
/// committed after that transaction. So every message has its effect once, whatever is repeated. Absent brokers and topics are waited
/// for. While a canary is released, messages of the other group are passed over.
/// </summary>
internal sealed partial class KafkaConsumer<T>(
    string bootstrapServers,
    KafkaConsumerOptions options,
    string serviceName,
    NpgsqlDataSource dataSource,
    IMessageHandler<T> handler,
    Outbox outbox,
    ConsumerStatus status,
    ReleaseComparison comparison,
    TimeProvider time,
    ILogger<KafkaConsumer<T>> logger) : BackgroundService
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LookTimeout = TimeSpan.FromSeconds(1);

    private readonly ConsumedBatch<T> _batch = new(options.BatchSize, options.GroupId);
    private readonly BatchTrials<T> _trials = new(
        options, new InboxTransaction<T>(options, serviceName, dataSource, handler, outbox, status, comparison, time, logger), logger);
    private readonly GroupPlaces _places = new(options, dataSource, time);
    private readonly InboxCleaner _cleaner = new(dataSource, options.GroupId, options.InboxRetention, options.BatchSize, time);
    private int _failures;
    private long _lookedAt;

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            await ConsumerSchema.RequireAsync(dataSource, options.Topic, cancellationToken);
        }
        catch (NpgsqlException exception) when (exception.IsPassing())
        {
            // A database that is away is waited for like everything else.
            LogNotChecked(options.Topic, exception.Message);
        }

        comparison.Begin();
        await base.StartAsync(cancellationToken);
    }

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
        using var consumer = KafkaConsumerClient.Build(bootstrapServers, options.ReadingGroup, logger, OnError, OnAssigned);
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
            await _cleaner.CleanAsync(cancellationToken);
            await _places.LookAsync(cancellationToken);
            Read(consumer);
            if (_batch.IsEmpty)
            {
                await Task.Delay(options.PollInterval, time, cancellationToken);
                await LookForBrokerAsync(consumer);
                return;
            }

            await _places.SelectAsync(_batch, cancellationToken);
            status.Waits = _batch.HasWaiting;
            var fault = await _trials.HandleAsync(_batch, cancellationToken);

            // Before the commit, so that no failure of it loses the place.
            Rewind(consumer);
            consumer.Commit(_batch.NextOffsets);
            if (fault is not null)
            {
                await BackOffAsync(fault.Message, cancellationToken);
                return;
            }

            Recovered();
            if (_batch.HasWaiting)
            {
                await Task.Delay(options.PollInterval, time, cancellationToken);
            }
        }
        catch (SplitsChangedException)
        {
            Rewind(consumer);
            _places.Invalidate();
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
            // The effect is stored, only the offsets are not: the inbox recognises the repeats. Or the handler threw it, and nothing is stored.
            Rewind(consumer);
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
        if (!_places.HasWork)
        {
            return;
        }

        if (consumer.Subscription.Count == 0)
        {
            KafkaConsumerClient.MakeKnown(consumer, options.Topic);
            consumer.Subscribe(options.Topic);
        }

        if (_places.AreDue)
        {
            _places.GoTo(consumer.Assignment, consumer.Seek);
        }

        // Partitions that come meanwhile are read from their places first.
        while (!_batch.IsFull && !_places.AreDue && consumer.Consume(TimeSpan.Zero) is { } result)
        {
            _batch.Add(result, handler);
        }
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

    /// <summary>Reads next what is not done.</summary>
    private void Rewind(IConsumer<string, byte[]> consumer)
    {
        foreach (var first in _batch.UnfinishedOffsets)
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

    private List<TopicPartitionOffset> OnAssigned(IReadOnlyList<TopicPartition> partitions)
    {
        Recovered();
        _places.Invalidate();
        return [.. partitions.Select(_places.StartOf)];
    }

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

    [LoggerMessage(Level = LogLevel.Information, Message = "The tables of the consumer of {Topic} were not checked at start: {Reason}")]
    private partial void LogNotChecked(string topic, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "Did not rewind to {Offset}: {Reason}")]
    private partial void LogNotRewound(string offset, string reason);

    [LoggerMessage(Level = LogLevel.Debug, Message = "Consuming {Topic} stops")]
    private partial void LogStopping(string topic);
}
