using System.Globalization;
using Npgsql;
using ResilientShop.Operations.Healing.Activities;
using ResilientShop.Resilience.Durable;
using ResilientShop.Resilience.Durable.Messaging;

namespace ResilientShop.Operations.Healing;

/// <summary>
/// Sends planned letters' messages again when they are due, and has sagas tried again, one instance at a time and in their order. Messages go into the outbox, in the transaction
/// that notes it, so that each leaves once whatever is killed; only the group that could not handle a message gets it again, under a new identifier and in the trace of the original.
/// Sagas are claimed first, because services take their time, and tried only while they wait, so that one that is asked twice is tried once. A service that does not answer is asked
/// again later, and its other sagas with it.
/// </summary>
internal sealed partial class RedriveWorker(NpgsqlDataSource database, Outbox outbox, ServiceDoor door, TimeProvider time, ILogger<RedriveWorker> logger) : BackgroundService
{
    /// <summary>Whoever sends holds it; so one sends, in the order of the plan.</summary>
    internal const long MessagesLock = 0x7265_6472_6977;
    private const long SagasLock = 0x7265_6472_6978;
    private const int MostAtOnce = 20;

    /// <summary>Longer than services take for that many.</summary>
    private static readonly TimeSpan Claim = TimeSpan.FromMinutes(2);

    /// <summary>For so long a saga is left alone whose service does not answer.</summary>
    internal static readonly TimeSpan AskAgainAfter = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(250);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(RunAsync(SendAsync, stoppingToken), RunAsync(RetrySagasAsync, stoppingToken));

    private Task RunAsync(Func<CancellationToken, Task<int>> work, CancellationToken stopping) => WorkLoop.RunAsync(
        async () =>
        {
            while (await work(stopping) == MostAtOnce)
            {
                // There may be more that are due.
            }
        },
        Look,
        time,
        LogNotNow,
        stopping);

    private async Task<int> SendAsync(CancellationToken cancellationToken)
    {
        // Nearly always there is nothing, which costs one look at an empty index.
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var due = await DueAsync(connection, ofSagas: false, MessagesLock, cancellationToken);
        if (due.Count == 0)
        {
            return 0;
        }

        await using var batch = new NpgsqlBatch(connection, transaction);
        foreach (var one in due)
        {
            Send(one, batch);
        }

        await batch.ExecuteNonQueryAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        outbox.Committed();
        return due.Count;
    }

    /// <summary>One that cannot be sent keeps no other waiting.</summary>
    private void Send(Due one, NpgsqlBatch batch)
    {
        var letter = one.Letter;
        if (letter.Source.Kind == DeadLetterSource.SagaKind)
        {
            batch.BatchCommands.Add(new NpgsqlBatchCommand("UPDATE redrives SET of_saga = true WHERE id = $1") { Parameters = { new NpgsqlParameter<long> { TypedValue = one.Id } } });
            return;
        }

        if (RefusalOf(letter, out var payload) is { } refusal)
        {
            batch.BatchCommands.Add(Note(one.Id, $"Its message cannot be sent again. {refusal} Asked for by {one.By}: {one.Reason}", letter.Id, refusal));
            return;
        }

        var message = new OutboxMessage(one.MessageId, SqlText.Clean(letter.Source.Topic!), SqlText.Clean(letter.Key), SqlText.Clean(letter.Source.MessageType ?? ""), payload)
        {
            OnlyGroup = SqlText.Clean(letter.Source.Group!), Traceparent = letter.Traceparent is { } trace ? SqlText.Clean(trace) : null,
        };
        Outbox.Append(batch, message);
        batch.BatchCommands.Add(Note(one.Id, $"Sent again to {message.Topic}, for group {message.OnlyGroup} as message {message.MessageId}, by {one.By}: {one.Reason}", letter.Id));
    }

    private static string? RefusalOf(DeadLetter letter, out byte[] payload)
    {
        payload = [];
        if (RedrivePlan.RefusalOf(letter) is { } refusal)
        {
            return refusal;
        }

        try
        {
            payload = letter.ReadPayload()!;
            return null;
        }
        catch (FormatException exception)
        {
            return $"Its payload cannot be read: {exception.Message}";
        }
    }

    private async Task<int> RetrySagasAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        List<Due> due;
        await using (var transaction = await connection.BeginTransactionAsync(cancellationToken))
        {
            due = await DueAsync(connection, ofSagas: true, SagasLock, cancellationToken);
            if (due.Count == 0)
            {
                return 0;
            }

            await using var claim = PutOff([.. due.Select(one => one.Id)], Claim, connection);
            await claim.ExecuteNonQueryAsync(cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }

        var silent = new HashSet<string>(StringComparer.Ordinal);
        foreach (var one in due)
        {
            var done = silent.Contains(one.Letter.ServiceName) ? null : await RetryAsync(one.Letter, one.By, cancellationToken);
            if (done is null)
            {
                if (silent.Add(one.Letter.ServiceName))
                {
                    await PutOffAllAsync(one.Letter.ServiceName, connection, cancellationToken);
                }

                continue;
            }

            await using var batch = new NpgsqlBatch(connection) { BatchCommands = { Note(one.Id, $"{done} By {one.By}: {one.Reason}", one.Letter.Id) } };
            await batch.ExecuteNonQueryAsync(cancellationToken);
        }

        return due.Count;
    }

    private async Task<List<Due>> DueAsync(NpgsqlConnection connection, bool ofSagas, long key, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            string.Create(CultureInfo.InvariantCulture, $"""
            SELECT redrives.id, message_id, letter, requested_by, reason FROM redrives JOIN dead_letters ON dead_letters.id = letter_id
            WHERE sent_at IS NULL AND due_at <= $1 AND claimed_until <= $1 AND of_saga = $2 AND pg_try_advisory_xact_lock({key})
            ORDER BY redrives.id LIMIT {MostAtOnce} FOR UPDATE OF redrives
            """),
            connection)
        {
            Parameters = { new NpgsqlParameter<DateTimeOffset> { TypedValue = time.GetUtcNow() }, new NpgsqlParameter<bool> { TypedValue = ofSagas } },
        };
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        var due = new List<Due>();
        while (await row.ReadAsync(cancellationToken))
        {
            due.Add(new Due(row.GetInt64(0), row.GetGuid(1), DeadLetter.Parse(row.GetFieldValue<byte[]>(2)), row.GetString(3), row.GetString(4)));
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

    private NpgsqlCommand PutOff(long[] ids, TimeSpan by, NpgsqlConnection connection) => new("UPDATE redrives SET claimed_until = $2 WHERE id = ANY ($1) AND sent_at IS NULL", connection)
    {
        Parameters = { new NpgsqlParameter<long[]> { TypedValue = ids }, new NpgsqlParameter<DateTimeOffset> { TypedValue = time.GetUtcNow() + by } },
    };

    /// <summary>Whoever waits for a service that does not answer keeps nobody waiting for another.</summary>
    private async Task PutOffAllAsync(string service, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            "UPDATE redrives SET claimed_until = $2 FROM dead_letters WHERE dead_letters.id = letter_id AND service_name = $1 AND of_saga AND sent_at IS NULL", connection)
        {
            Parameters = { new NpgsqlParameter<string> { TypedValue = service }, new NpgsqlParameter<DateTimeOffset> { TypedValue = time.GetUtcNow() + AskAgainAfter } },
        };
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>It was sent, or never will be: then the ticket is a person's.</summary>
    private NpgsqlBatchCommand Note(long id, string text, Guid letter, string? refusal = null) => new(
        """
        WITH sent AS (
            UPDATE redrives SET sent_at = $2, claimed_until = '-infinity', refusal = $5, ended_at = CASE WHEN $5 IS NULL THEN NULL ELSE $2 END WHERE id = $1 AND sent_at IS NULL RETURNING id),
        ticket AS (
            UPDATE tickets SET status = CASE WHEN $5 IS NULL THEN 'healing' ELSE 'escalated' END, changed_at = $2
            WHERE EXISTS (SELECT FROM sent) AND letter_id = (SELECT coalesce(origin_id, id) FROM dead_letters WHERE id = $3) RETURNING number)
        INSERT INTO ticket_comments (ticket, at, author, text) SELECT number, $2, 'healing', $4 FROM ticket
        """)
    {
        Parameters =
        {
            new NpgsqlParameter<long> { TypedValue = id },
            new NpgsqlParameter<DateTimeOffset> { TypedValue = time.GetUtcNow() },
            new NpgsqlParameter<Guid> { TypedValue = letter },
            SqlText.Of(text),
            SqlText.Of(refusal),
        },
    };

    [LoggerMessage(LogLevel.Warning, "What is due to be redriven waits: {Problem}")]
    private partial void LogNotNow(string problem);

    [LoggerMessage(LogLevel.Warning, "Saga {Saga} is tried again later: {Problem}")]
    private partial void LogSilent(Guid saga, string problem);

    private sealed record Due(long Id, Guid MessageId, DeadLetter Letter, string By, string Reason);
}
