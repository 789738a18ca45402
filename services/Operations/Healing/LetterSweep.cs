using Microsoft.Extensions.Options;
using Npgsql;
using ResilientShop.Operations.Jira;

namespace ResilientShop.Operations.Healing;

/// <summary>
/// Forgets tickets that have been resolved for <see cref="HealingOptions.KeepResolved"/>, with their letters and everything that was done for them: not while anything of them goes on, nor
/// before Jira has all of it. Redrives are planned before it or after it, and see then whether a letter is there. Any number of instances, one at a time.
/// </summary>
internal sealed partial class LetterSweep(NpgsqlDataSource database, IOptions<HealingOptions> options, IOptions<JiraOptions> jira, TimeProvider time, ILogger<LetterSweep> logger) : BackgroundService
{
    /// <summary>So that no statement is long.</summary>
    private const int MostAtOnce = 200;

    /// <summary>Between two looks.</summary>
    internal static readonly TimeSpan Interval = TimeSpan.FromMinutes(5);

    /// <summary>Children before those they belong to.</summary>
    private static readonly string[] Deletions =
    [
        "DELETE FROM jira_issues WHERE ticket = ANY ($1)",
        "DELETE FROM ticket_comments WHERE ticket = ANY ($1)",
        "DELETE FROM tickets WHERE number = ANY ($1)",
        "DELETE FROM healing_journal WHERE letter_id = ANY ($2)",
        "DELETE FROM healing_words WHERE letter_id = ANY ($2)",
        "DELETE FROM healing_attempts WHERE letter_id = ANY ($2)",
        "DELETE FROM healings WHERE letter_id = ANY ($2)",
        "DELETE FROM redrives WHERE letter_id = ANY ($2)",
        "DELETE FROM dead_letters WHERE id = ANY ($2) AND origin_id IS NOT NULL",
        "DELETE FROM dead_letters WHERE id = ANY ($2)",
    ];

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => options.Value.KeepResolved is not { } kept
        ? Task.CompletedTask
        : WorkLoop.RunAsync(
            async () =>
            {
                while (await ForgetAsync(time.GetUtcNow() - kept, stoppingToken) == MostAtOnce)
                {
                    // There may be more.
                }
            },
            Interval,
            time,
            LogNotNow,
            stoppingToken);

    /// <summary>Forgets some of those that were resolved before.</summary>
    /// <returns>How many; as many as are taken at once when there may be more.</returns>
    internal async Task<int> ForgetAsync(DateTimeOffset before, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using (var turn = new NpgsqlCommand(FormattableString.Invariant($"SELECT pg_advisory_xact_lock({RedrivePlan.LockKey})"), connection))
        {
            await turn.ExecuteNonQueryAsync(cancellationToken);
        }

        var (tickets, origins) = await LockAsync(before, connection, cancellationToken);
        if (tickets.Length == 0)
        {
            return 0;
        }

        // A letter that arrives now waits for the lock of its ticket, and has a ticket of its own then.
        var letters = await LettersAsync(origins, connection, cancellationToken);
        await using var batch = new NpgsqlBatch(connection, transaction);
        foreach (var deletion in Deletions)
        {
            batch.BatchCommands.Add(new NpgsqlBatchCommand(deletion)
            {
                Parameters = { new NpgsqlParameter<long[]> { TypedValue = tickets }, new NpgsqlParameter<Guid[]> { TypedValue = letters } },
            });
        }

        await batch.ExecuteNonQueryAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        LogForgotten(tickets.Length, letters.Length);
        return tickets.Length;
    }

    private async Task<(long[] Tickets, Guid[] Origins)> LockAsync(DateTimeOffset before, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            FormattableString.Invariant($"""
            SELECT number, letter_id FROM tickets
            WHERE status = 'resolved' AND changed_at <= $1
                AND NOT EXISTS (
                    SELECT FROM dead_letters letter LEFT JOIN healings ON healings.letter_id = letter.id LEFT JOIN redrives ON redrives.letter_id = letter.id
                    WHERE (letter.id = tickets.letter_id OR letter.origin_id = tickets.letter_id)
                        AND ((healings.letter_id IS NOT NULL AND outcome IS NULL) OR (redrives.id IS NOT NULL AND (sent_at IS NULL OR (redrives.ended_at IS NULL AND requested_by <> 'healing')))))
                AND (EXISTS (
                        SELECT FROM jira_issues WHERE ticket = number AND issue IS NOT NULL AND jira_issues.status = 'resolved'
                            AND comment >= (SELECT coalesce(max(id), 0) FROM ticket_comments WHERE ticket_comments.ticket = number))
                    OR (NOT $2 AND NOT EXISTS (SELECT FROM jira_issues WHERE ticket = number)))
            ORDER BY changed_at, number LIMIT {MostAtOnce} FOR UPDATE SKIP LOCKED
            """),
            connection)
        {
            Parameters = { new NpgsqlParameter<DateTimeOffset> { TypedValue = before }, new NpgsqlParameter<bool> { TypedValue = jira.Value.Url is not null } },
        };
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        var (tickets, origins) = (new List<long>(), new List<Guid>());
        while (await row.ReadAsync(cancellationToken))
        {
            tickets.Add(row.GetInt64(0));
            origins.Add(row.GetGuid(1));
        }

        return ([.. tickets], [.. origins]);
    }

    private static async Task<Guid[]> LettersAsync(Guid[] origins, NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("SELECT coalesce(array_agg(id), '{}') FROM dead_letters WHERE id = ANY ($1) OR origin_id = ANY ($1)", connection)
        {
            Parameters = { new NpgsqlParameter<Guid[]> { TypedValue = origins } },
        };
        return (Guid[])(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    [LoggerMessage(LogLevel.Information, "{Tickets} tickets are forgotten, with {Letters} letters: they were resolved long enough")]
    private partial void LogForgotten(int tickets, int letters);

    [LoggerMessage(LogLevel.Warning, "Old tickets are forgotten later: {Problem}")]
    private partial void LogNotNow(string problem);
}
