using System.Globalization;
using Npgsql;
using ResilientShop.Operations.Healing.Activities;
using ResilientShop.Resilience.Durable;
using ResilientShop.Resilience.Durable.Messaging;

namespace ResilientShop.Operations.Healing;

/// <summary>
/// Sends planned letters' messages again when they are due, and has sagas tried again, one instance at a time and in their order: into the outbox, in the transaction that notes it, so that each leaves once
/// whatever is killed. Only the group that could not handle a message gets it again, under a new identifier and in the trace of the original.
/// </summary>
internal sealed partial class RedriveWorker(NpgsqlDataSource database, Outbox outbox, ServiceDoor door, TimeProvider time, ILogger<RedriveWorker> logger) : BackgroundService
{
    private const long LockKey = 0x7265_6472_6977;
    private const int MostAtOnce = 20;

    private static readonly TimeSpan AskAgainAfter = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(250);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => WorkLoop.RunAsync(
        async () =>
        {
            while (await SendAsync(stoppingToken) == MostAtOnce)
            {
                // There may be more that are due.
            }
        },
        Look,
        time,
        LogNotNow,
        stoppingToken);

    private async Task<int> SendAsync(CancellationToken cancellationToken)
    {
        // Nearly always there is nothing, which costs one look at an empty index.
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        List<(long Id, Guid MessageId, DeadLetter Letter, string By, string Reason)> due;
        await using (var transaction = await connection.BeginTransactionAsync(cancellationToken))
        {
            due = await DueAsync(connection, cancellationToken);
            await using var batch = new NpgsqlBatch(connection, transaction);
            foreach (var (id, messageId, letter, by, reason) in due.Where(one => one.Letter.Source.Kind == DeadLetterSource.MessageKind))
            {
                var message = new OutboxMessage(messageId, letter.Source.Topic!, letter.Key.Replace('\0', '\uFFFD'), letter.Source.MessageType ?? "", letter.ReadPayload()!)
                {
                    OnlyGroup = letter.Source.Group, Traceparent = letter.Traceparent,
                };
                Outbox.Append(batch, message);
                batch.BatchCommands.Add(Note(id, $"Sent again to {message.Topic}, for group {message.OnlyGroup} as message {message.MessageId}, by {by}: {reason}", letter.Id));
            }

            if (batch.BatchCommands.Count > 0)
            {
                await batch.ExecuteNonQueryAsync(cancellationToken);
                await transaction.CommitAsync(cancellationToken);
                outbox.Committed();
            }
        }

        await RetrySagasAsync(connection, [.. due.Where(one => one.Letter.Source.Kind == DeadLetterSource.SagaKind)], cancellationToken);
        return due.Count;
    }

    /// <summary>
    /// Outside the transaction, because services take their time. One that dies in between has a saga tried again twice, which does it once: the second finds it on its way, or
    /// ended. A service that does not answer is asked again later, and its other sagas with it.
    /// </summary>
    private async Task RetrySagasAsync(
        NpgsqlConnection connection, IReadOnlyList<(long Id, Guid MessageId, DeadLetter Letter, string By, string Reason)> due, CancellationToken cancellationToken)
    {
        var silent = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (id, _, letter, by, reason) in due)
        {
            var done = silent.Contains(letter.ServiceName) ? null : await RetryAsync(letter, by, cancellationToken);
            if (done is null)
            {
                silent.Add(letter.ServiceName);
            }

            await using var batch = new NpgsqlBatch(connection);
            batch.BatchCommands.Add(done is null ? Later(id) : Note(id, $"{done} By {by}: {reason}", letter.Id));
            await batch.ExecuteNonQueryAsync(cancellationToken);
        }
    }

    private async Task<List<(long Id, Guid MessageId, DeadLetter Letter, string By, string Reason)>> DueAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            string.Create(CultureInfo.InvariantCulture, $"""
            SELECT redrives.id, message_id, letter, requested_by, reason FROM redrives JOIN dead_letters ON dead_letters.id = letter_id
            WHERE sent_at IS NULL AND due_at <= $1 AND pg_try_advisory_xact_lock({LockKey}) ORDER BY redrives.id LIMIT {MostAtOnce}
            """),
            connection)
        {
            Parameters = { new NpgsqlParameter<DateTimeOffset> { TypedValue = time.GetUtcNow() } },
        };
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        var due = new List<(long, Guid, DeadLetter, string, string)>();
        while (await row.ReadAsync(cancellationToken))
        {
            due.Add((row.GetInt64(0), row.GetGuid(1), DeadLetter.Parse(row.GetFieldValue<byte[]>(2)), row.GetString(3), row.GetString(4)));
        }

        return due;
    }

    /// <returns>What came of it; null when the service does not answer.</returns>
    private async Task<string?> RetryAsync(DeadLetter letter, string by, CancellationToken cancellationToken)
    {
        var saga = letter.Source.SagaId!.Value;
        if (!door.Knows(letter.ServiceName))
        {
            return $"Nobody here knows a service {letter.ServiceName}; its saga {saga} was not tried again.";
        }

        try
        {
            return await door.ActAsync(letter.ServiceName, saga, "retry", reason: null, by, cancellationToken) is { } refused
                ? $"{letter.ServiceName} did not try saga {saga} again: {refused}"
                : $"Saga {saga} of {letter.ServiceName} is tried again.";
        }
        catch (ServiceSilentException problem)
        {
            LogSilent(saga, problem.Message);
            return null;
        }
    }

    private NpgsqlBatchCommand Later(long id) => new("UPDATE redrives SET due_at = $2 WHERE id = $1 AND sent_at IS NULL")
    {
        Parameters = { new NpgsqlParameter<long> { TypedValue = id }, new NpgsqlParameter<DateTimeOffset> { TypedValue = time.GetUtcNow() + AskAgainAfter } },
    };

    private NpgsqlBatchCommand Note(long id, string text, Guid letter) => new(
        """
        WITH sent AS (UPDATE redrives SET sent_at = $2 WHERE id = $1 AND sent_at IS NULL RETURNING id),
        ticket AS (
            UPDATE tickets SET status = 'healing', changed_at = $2
            WHERE EXISTS (SELECT FROM sent) AND letter_id = (SELECT coalesce(origin_id, id) FROM dead_letters WHERE id = $3) RETURNING number)
        INSERT INTO ticket_comments (ticket, at, author, text) SELECT number, $2, 'healing', $4 FROM ticket
        """)
    {
        Parameters =
        {
            new NpgsqlParameter<long> { TypedValue = id },
            new NpgsqlParameter<DateTimeOffset> { TypedValue = time.GetUtcNow() },
            new NpgsqlParameter<Guid> { TypedValue = letter },
            new NpgsqlParameter<string> { TypedValue = text },
        },
    };

    [LoggerMessage(LogLevel.Warning, "What is due to be redriven waits: {Problem}")]
    private partial void LogNotNow(string problem);

    [LoggerMessage(LogLevel.Warning, "Saga {Saga} is tried again later: {Problem}")]
    private partial void LogSilent(Guid saga, string problem);
}
