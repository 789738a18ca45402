using System.Globalization;
using Npgsql;
using ResilientShop.Resilience.Durable;
using ResilientShop.Resilience.Durable.Messaging;

namespace ResilientShop.Operations.Healing;

/// <summary>
/// Sends planned letters' messages again when they are due, one instance at a time and in their order: into the outbox, in the transaction that notes it, so that each leaves once
/// whatever is killed. Only the group that could not handle a message gets it again, under a new identifier and in the trace of the original.
/// </summary>
internal sealed partial class RedriveWorker(NpgsqlDataSource database, Outbox outbox, TimeProvider time, ILogger<RedriveWorker> logger) : BackgroundService
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
        foreach (var (id, message, letter, by, reason) in due)
        {
            Outbox.Append(batch, message);
            batch.BatchCommands.Add(Note(id, $"Sent again to {message.Topic}, for group {message.OnlyGroup} as message {message.MessageId}, by {by}: {reason}", letter));
        }

        await batch.ExecuteNonQueryAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        outbox.Committed();
        return due.Count;
    }

    private async Task<List<(long Id, OutboxMessage Message, Guid Letter, string By, string Reason)>> DueAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
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
        var due = new List<(long, OutboxMessage, Guid, string, string)>();
        while (await row.ReadAsync(cancellationToken))
        {
            var letter = DeadLetter.Parse(row.GetFieldValue<byte[]>(2));
            var message = new OutboxMessage(row.GetGuid(1), letter.Source.Topic!, letter.Key.Replace('\0', '\uFFFD'), letter.Source.MessageType ?? "", letter.ReadPayload()!)
            {
                OnlyGroup = letter.Source.Group, Traceparent = letter.Traceparent,
            };
            due.Add((row.GetInt64(0), message, letter.Id, row.GetString(3), row.GetString(4)));
        }

        return due;
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
