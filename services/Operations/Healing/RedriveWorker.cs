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

    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(250);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        var hasFailed = false;
        while (true)
        {
            try
            {
                while (await SendAsync(stoppingToken) == MostAtOnce)
                {
                    // There may be more that are due.
                }

                hasFailed = false;
            }
            catch (NpgsqlException exception) when (!stoppingToken.IsCancellationRequested)
            {
                if (!hasFailed)
                {
                    LogNotNow(exception.Message);
                }

                hasFailed = true;
            }

            await Task.Delay(Look, time, stoppingToken);
        }
    }

    private async Task<int> SendAsync(CancellationToken cancellationToken)
    {
        // Nearly always there is nothing, which costs one look at an empty index.
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var due = await DueAsync(connection, cancellationToken);
        if (due.Count == 0)
        {
            return 0;
        }

        await using var batch = new NpgsqlBatch(connection, transaction);
        foreach (var (id, messageId, letter, by, reason) in due)
        {
            if (letter.Source.Kind == DeadLetterSource.SagaKind)
            {
                batch.BatchCommands.Add(Note(id, $"{await RetryAsync(letter, by, cancellationToken)} By {by}: {reason}", letter.Id));
                continue;
            }

            var message = new OutboxMessage(messageId, letter.Source.Topic!, letter.Key.Replace('\0', '\uFFFD'), letter.Source.MessageType ?? "", letter.ReadPayload()!)
            {
                OnlyGroup = letter.Source.Group, Traceparent = letter.Traceparent,
            };
            Outbox.Append(batch, message);
            batch.BatchCommands.Add(Note(id, $"Sent again to {message.Topic}, for group {message.OnlyGroup} as message {message.MessageId}, by {by}: {reason}", letter.Id));
        }

        await batch.ExecuteNonQueryAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        outbox.Committed();
        return due.Count;
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

    /// <summary>Having a saga tried again twice, because this instance dies before it is noted, does it once: the second finds it on its way, or ended.</summary>
    private async Task<string> RetryAsync(DeadLetter letter, string by, CancellationToken cancellationToken)
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
            return $"Saga {saga} was not tried again: {problem.Message}";
        }
    }

    private NpgsqlBatchCommand Note(long id, string text, Guid letter) => new(
        """
        WITH sent AS (UPDATE redrives SET sent_at = $2 WHERE id = $1),
        ticket AS (
            UPDATE tickets SET status = 'healing', changed_at = $2
            WHERE letter_id = (SELECT coalesce(origin_id, id) FROM dead_letters WHERE id = $3) RETURNING number)
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

    [LoggerMessage(LogLevel.Warning, "Messages that are due to be sent again wait until the database is back: {Problem}")]
    private partial void LogNotNow(string problem);
}
