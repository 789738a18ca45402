using Microsoft.Extensions.Logging;
using Npgsql;

namespace ResilientShop.Resilience.Durable.Messaging;

/// <summary>
/// What a consumer does in its database: the effect of messages, or the letter of one that is given up, each in one transaction with the inbox.
/// So a message has its effect once or goes to the dead letters once, whatever is repeated. Not thread-safe.
/// </summary>
internal sealed partial class InboxTransaction<T>(
    KafkaConsumerOptions options,
    string serviceName,
    NpgsqlDataSource dataSource,
    IMessageHandler<T> handler,
    Outbox outbox,
    ConsumerStatus status,
    ReleaseComparison comparison,
    TimeProvider time,
    ILogger logger)
{
    private readonly SplitTable _splits = new(options.GroupId, options.Topic);

    /// <summary>
    /// Brings about the effect of those messages of <paramref name="slice"/> that have not had it; what cannot be decoded goes to the dead letters.
    /// </summary>
    /// <returns>Null, or what the handler threw; then nothing has happened. Whatever is not the messages' fault is thrown.</returns>
    /// <exception cref="SplitsChangedException">Whose the messages are was said anew meanwhile; nothing has happened.</exception>
    public async Task<Exception?> TryHandleAsync(ConsumedSlice<T> slice, CancellationToken cancellationToken)
    {
        var (entries, start) = (slice.Own, time.GetTimestamp());
        using var activity = entries.Count > 0 ? ConsumerActivity.Start(entries, options.Topic, options.ReadingGroup) : null;
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var fresh = await RecordAsync(slice, connection, transaction, cancellationToken);
        var messages = fresh.Select(entry => entry.Message).OfType<ConsumedMessage<T>>().ToList();
        var malformed = fresh.Where(entry => entry.Malformed is not null).ToList();
        if (messages.Count > 0 && await FindFaultAsync(messages, connection, transaction, cancellationToken) is { } fault)
        {
            activity.Fail(fault);

            // Whose fault it is shows when each of several is tried by itself.
            comparison.Handled(slice.Plan, time.GetElapsedTime(start), handled: 0, failed: messages.Count == 1 ? 1 : 0);
            return fault;
        }

        await AppendLettersAsync(
            [.. malformed.Select(entry => Letter(entry, DeadLetterCodes.MalformedMessage, entry.Malformed!, failures: 0))], connection, transaction, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        Report(malformed);
        status.AddHandled(messages.Count);
        comparison.Handled(slice.Plan, time.GetElapsedTime(start), messages.Count, malformed.Count);
        ConsumerMetrics.Handled(options.Topic, options.ReadingGroup, messages.Count, entries.Count - fresh.Count);
        return null;
    }

    /// <summary>Gives the one message of <paramref name="slice"/> up: a letter instead of its effect.</summary>
    /// <exception cref="SplitsChangedException">Whose the message is was said anew meanwhile; nothing has happened.</exception>
    public async Task GiveUpAsync(ConsumedSlice<T> slice, Exception cause, int failures, CancellationToken cancellationToken)
    {
        var entry = slice.Own[0];
        using var activity = ConsumerActivity.Start(slice.Own, options.Topic, options.ReadingGroup);
        activity.Fail(cause);
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        if ((await RecordAsync(slice, connection, transaction, cancellationToken)).Count == 0)
        {
            // The group has moved the partition meanwhile, and its new owner was done with the message before us.
            await transaction.CommitAsync(cancellationToken);
            return;
        }

        var letter = Letter(entry, MessageFaults.CodeOf(cause), cause, failures);
        await AppendLettersAsync([letter], connection, transaction, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        outbox.Committed();
        status.AddDeadLettered();
        ConsumerMetrics.DeadLettered(options.Topic, options.ReadingGroup, letter.ErrorCode);
        LogGivenUp(entry.Position, failures, letter.Id, letter.ErrorCode, cause);
    }

    /// <summary>Records the messages and how far the group is, in one round trip; only then it is known that they still are the group's.</summary>
    private async Task<List<ConsumedEntry<T>>> RecordAsync(
        ConsumedSlice<T> slice, NpgsqlConnection connection, NpgsqlTransaction transaction, CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch(connection, transaction)
        {
            BatchCommands =
            {
                _splits.HoldOffChanges(options.IsCanary),
                _splits.ReadVersion(),
                Inbox.Record(options.GroupId, [.. slice.Own.Select(entry => entry.MessageId)]),
            },
        };
        var places = slice.Places.Where(place => slice.Plan.Partitions.ContainsKey(place.Partition.Value)).Select(place => (place.Partition.Value, place.Offset.Value)).ToList();
        if (places.Count > 0)
        {
            batch.BatchCommands.Add(_splits.Advance(options.IsCanary, places));
        }

        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        await reader.NextResultAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        if (reader.GetInt64(0) != slice.Plan.Version)
        {
            throw new SplitsChangedException();
        }

        await reader.NextResultAsync(cancellationToken);
        var added = await Inbox.ReadAddedAsync(reader, cancellationToken);
        return [.. slice.Own.Where(entry => added.Contains(entry.MessageId)).DistinctBy(entry => entry.MessageId)];
    }

    private async Task<Exception?> FindFaultAsync(
        List<ConsumedMessage<T>> messages, NpgsqlConnection connection, NpgsqlTransaction transaction, CancellationToken cancellationToken)
    {
        try
        {
            await handler.HandleAsync(messages, connection, transaction, cancellationToken);

            // Brings forward what a commit would refuse, and fails when the handler swallowed an error of the database: committing such a
            // transaction rolls it back without a word, and the messages would be lost.
            await using var check = new NpgsqlCommand("SET CONSTRAINTS ALL IMMEDIATE", connection, transaction);
            await check.ExecuteNonQueryAsync(cancellationToken);
            return null;
        }
        catch (Exception exception) when (MessageFaults.IsFault(exception, connection, cancellationToken))
        {
            return exception;
        }
    }

    private static async Task AppendLettersAsync(
        DeadLetter[] letters, NpgsqlConnection connection, NpgsqlTransaction transaction, CancellationToken cancellationToken)
    {
        if (letters.Length == 0)
        {
            return;
        }

        await using var batch = new NpgsqlBatch(connection, transaction);
        foreach (var letter in letters)
        {
            DeadLetters.Append(batch, letter);
        }

        await batch.ExecuteNonQueryAsync(cancellationToken);
    }

    private void Report(List<ConsumedEntry<T>> malformed)
    {
        if (malformed.Count > 0)
        {
            outbox.Committed();
        }

        foreach (var entry in malformed)
        {
            status.AddParked();
            ConsumerMetrics.Parked(options.Topic, options.ReadingGroup);
            ConsumerMetrics.DeadLettered(options.Topic, options.ReadingGroup, DeadLetterCodes.MalformedMessage);
            LogMalformed(entry.Position, entry.Malformed!.Message);
        }
    }

    private DeadLetter Letter(ConsumedEntry<T> entry, string code, Exception cause, int failures)
    {
        var (result, headers) = (entry.Result, entry.Result.Message.Headers);
        var letter = new DeadLetter
        {
            ServiceName = serviceName,
            Operation = $"process {result.Topic}",
            ErrorCode = code,
            ErrorDetail = $"{cause.GetType().Name}: {cause.Message}",
            RetryCount = failures,
            Key = result.Message.Key ?? "",
            Source = DeadLetterSource.Message(
                options.GroupId, result.Topic, result.Partition.Value, result.Offset.Value, entry.MessageId, headers.FindText(MessageHeaders.MessageType)),
            Traceparent = entry.Sender.TraceId == default ? DurableTelemetry.CurrentTraceParent : headers.FindText(MessageHeaders.TraceParent),
            Time = time.GetUtcNow(),
        };
        return result.Message.Value is { } payload ? letter.WithPayload(payload) : letter;
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Message at {Position} cannot be decoded and is in the dead letters: {Reason}")]
    private partial void LogMalformed(string position, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "Message at {Position} failed {Failures} times and is given up: dead letter {Letter}, {Code}")]
    private partial void LogGivenUp(string position, int failures, Guid letter, string code, Exception cause);
}
