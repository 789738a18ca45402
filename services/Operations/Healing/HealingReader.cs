using System.Globalization;
using Npgsql;
using NpgsqlTypes;

namespace ResilientShop.Operations.Healing;

/// <summary>Which dead letters are looked for. What is null is not asked for.</summary>
/// <param name="Service">Who failed.</param>
/// <param name="Operation">At what.</param>
/// <param name="Code">Why.</param>
/// <param name="Key">Key of what failed.</param>
/// <param name="Fingerprint">The cause.</param>
internal sealed record LetterFilter(string? Service = null, string? Operation = null, string? Code = null, string? Key = null, string? Fingerprint = null);

/// <summary>Reads dead letters and tickets. Thread-safe.</summary>
internal sealed class HealingReader(NpgsqlDataSource database)
{
    private const string LetterColumns =
        "l.id, service_name, operation, error_code, error_detail, retry_count, key, traceparent, failed_at, arrived_at, fingerprint, t.number";

    private const string TicketColumns =
        "number, letter_id, summary, priority, labels, status, opened_at, changed_at, (SELECT text FROM ticket_comments WHERE ticket = number ORDER BY id DESC LIMIT 1), "
        + "(SELECT issue FROM jira_issues WHERE ticket = number), (SELECT problem FROM jira_issues WHERE ticket = number)";

    /// <summary>The newest letters that fit, newest first.</summary>
    public async Task<IReadOnlyList<DeadLetterView>> LettersAsync(LetterFilter filter, int most, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(string.Create(CultureInfo.InvariantCulture, $"""
            SELECT {LetterColumns} FROM dead_letters l JOIN tickets t ON t.letter_id = coalesce(l.origin_id, l.id)
            WHERE ($1 IS NULL OR service_name = $1) AND ($2 IS NULL OR operation = $2) AND ($3 IS NULL OR error_code = $3) AND ($4 IS NULL OR key = $4) AND ($5 IS NULL OR fingerprint = $5)
            ORDER BY arrived DESC LIMIT {most}
            """));
        foreach (var value in new[] { filter.Service, filter.Operation, filter.Code, filter.Key, filter.Fingerprint })
        {
            command.Parameters.Add(new NpgsqlParameter { Value = (object?)value ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text });
        }

        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        var letters = new List<DeadLetterView>();
        while (await row.ReadAsync(cancellationToken))
        {
            letters.Add(new DeadLetterView(
                row.GetGuid(0),
                row.GetString(1),
                row.GetString(2),
                row.GetString(3),
                row.GetString(4),
                row.GetInt32(5),
                row.GetString(6),
                row.IsDBNull(7) ? null : row.GetString(7),
                row.GetFieldValue<DateTimeOffset>(8),
                row.GetFieldValue<DateTimeOffset>(9),
                row.GetString(10),
                row.GetInt64(11)));
        }

        return letters;
    }

    /// <summary>The letter as it came; null when there is none.</summary>
    public async Task<byte[]?> LetterAsync(Guid id, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("SELECT letter FROM dead_letters WHERE id = $1");
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
        return await command.ExecuteScalarAsync(cancellationToken) as byte[];
    }

    /// <summary>The newest tickets of a status, newest first; of all when it is null.</summary>
    public async Task<IReadOnlyList<TicketView>> TicketsAsync(string? status, int most, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(string.Create(CultureInfo.InvariantCulture, $"SELECT {TicketColumns} FROM tickets WHERE $1 IS NULL OR status = $1 ORDER BY number DESC LIMIT {most}"));
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)status ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text });
        return await ReadTicketsAsync(command, cancellationToken);
    }

    /// <summary>A ticket and everything that was said of it; null when there is none.</summary>
    public async Task<TicketHistory?> TicketAsync(long number, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand($"SELECT {TicketColumns} FROM tickets WHERE number = $1");
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = number });
        if (await ReadTicketsAsync(command, cancellationToken) is not [var ticket])
        {
            return null;
        }

        await using var said = database.CreateCommand("SELECT at, author, text FROM ticket_comments WHERE ticket = $1 ORDER BY id");
        said.Parameters.Add(new NpgsqlParameter<long> { TypedValue = number });
        await using var row = await said.ExecuteReaderAsync(cancellationToken);
        var comments = new List<TicketComment>();
        while (await row.ReadAsync(cancellationToken))
        {
            comments.Add(new TicketComment(row.GetFieldValue<DateTimeOffset>(0), row.GetString(1), row.GetString(2)));
        }

        return new TicketHistory(ticket, comments);
    }

    private static async Task<IReadOnlyList<TicketView>> ReadTicketsAsync(NpgsqlCommand command, CancellationToken cancellationToken)
    {
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        var tickets = new List<TicketView>();
        while (await row.ReadAsync(cancellationToken))
        {
            tickets.Add(new TicketView(
                row.GetInt64(0),
                row.GetGuid(1),
                row.GetString(2),
                row.GetString(3),
                row.GetFieldValue<string[]>(4),
                row.GetString(5),
                row.GetFieldValue<DateTimeOffset>(6),
                row.GetFieldValue<DateTimeOffset>(7),
                row.IsDBNull(8) ? null : row.GetString(8))
            {
                Issue = row.IsDBNull(9) ? null : row.GetString(9),
                IssueProblem = row.IsDBNull(10) ? null : row.GetString(10),
            });
        }

        return tickets;
    }
}
