using Npgsql;
using NpgsqlTypes;
using ResilientShop.Operations.Healing;

namespace ResilientShop.Operations.Jira;

/// <summary>A ticket of which something is not in Jira yet.</summary>
/// <param name="Ticket">The ticket.</param>
/// <param name="Issue">Its issue; null where there is none that is known.</param>
/// <param name="DoubtSince">When a creation was begun of which nobody knows what came.</param>
/// <param name="DoubtComment">The comment of which nobody knows whether it is there.</param>
/// <param name="Status">The status that was last moved to.</param>
/// <param name="Comments">What is to be said, first to last.</param>
internal sealed record PendingIssue(TicketView Ticket, string? Issue, DateTimeOffset? DoubtSince, long? DoubtComment, string Status, IReadOnlyList<(long Id, string Author, string Text)> Comments);

/// <summary>What is in Jira and what is not. One instance writes at a time. Thread-safe.</summary>
internal sealed class JiraTable(NpgsqlDataSource database, TimeProvider time)
{
    private const int MostAtOnce = 20;
    private const int MostComments = 50;

    /// <summary>The oldest tickets of which something is not there and that are not put off.</summary>
    public async Task<IReadOnlyList<PendingIssue>> PendingAsync(CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(FormattableString.Invariant($"""
            SELECT number, letter_id, summary, priority, labels, tickets.status, opened_at, changed_at, issue, doubt_since, doubt_comment, coalesce(jira_issues.status, 'open'),
                said.ids, said.authors, said.texts
            FROM tickets LEFT JOIN jira_issues ON ticket = number
            CROSS JOIN LATERAL (
                SELECT array_agg(id ORDER BY id) AS ids, array_agg(author ORDER BY id) AS authors, array_agg(text ORDER BY id) AS texts
                FROM (SELECT id, author, text FROM ticket_comments WHERE ticket_comments.ticket = number AND id > coalesce(comment, 0) ORDER BY id LIMIT {MostComments}) AS next) AS said
            WHERE coalesce(ask_again_at, '-infinity') <= $1 AND (issue IS NULL OR tickets.status <> jira_issues.status OR said.ids IS NOT NULL)
            ORDER BY number LIMIT {MostAtOnce}
            """));
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = time.GetUtcNow() });
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        var pending = new List<PendingIssue>();
        while (await row.ReadAsync(cancellationToken))
        {
            var ticket = new TicketView(
                row.GetInt64(0), row.GetGuid(1), row.GetString(2), row.GetString(3), row.GetFieldValue<string[]>(4), row.GetString(5), row.GetFieldValue<DateTimeOffset>(6),
                row.GetFieldValue<DateTimeOffset>(7), LastComment: null);
            var comments = await row.IsDBNullAsync(12, cancellationToken)
                ? []
                : row.GetFieldValue<long[]>(12).Zip(row.GetFieldValue<string[]>(13), row.GetFieldValue<string[]>(14)).ToList();
            pending.Add(new PendingIssue(
                ticket,
                row.IsDBNull(8) ? null : row.GetString(8),
                row.IsDBNull(9) ? null : row.GetFieldValue<DateTimeOffset>(9),
                row.IsDBNull(10) ? null : row.GetInt64(10),
                row.GetString(11),
                comments));
        }

        return pending;
    }

    public Task DoubtAsync(long ticket, CancellationToken cancellationToken) => ExecuteAsync(
        """
        INSERT INTO jira_issues (ticket, doubt_since) SELECT number, $2 FROM tickets WHERE number = $1
        ON CONFLICT (ticket) DO UPDATE SET doubt_since = excluded.doubt_since
        """,
        cancellationToken,
        Number(ticket),
        Now());

    /// <summary>It is certain that nothing came of it.</summary>
    public Task NoDoubtAsync(long ticket, CancellationToken cancellationToken) =>
        ExecuteAsync("UPDATE jira_issues SET doubt_since = NULL WHERE ticket = $1", cancellationToken, Number(ticket));

    public Task KnownAsync(long ticket, string issue, CancellationToken cancellationToken) => ExecuteAsync(
        "UPDATE jira_issues SET issue = $2, doubt_since = NULL, problem = NULL WHERE ticket = $1", cancellationToken, Number(ticket), SqlText.Of(issue));

    public Task DoubtCommentAsync(long ticket, long comment, CancellationToken cancellationToken) =>
        ExecuteAsync("UPDATE jira_issues SET doubt_comment = $2 WHERE ticket = $1", cancellationToken, Number(ticket), Number(comment));

    public Task SaidAsync(long ticket, long comment, CancellationToken cancellationToken) =>
        ExecuteAsync("UPDATE jira_issues SET comment = $2, doubt_comment = NULL, problem = NULL WHERE ticket = $1", cancellationToken, Number(ticket), Number(comment));

    public Task MovedAsync(long ticket, string status, CancellationToken cancellationToken) =>
        ExecuteAsync("UPDATE jira_issues SET status = $2, problem = NULL WHERE ticket = $1", cancellationToken, Number(ticket), SqlText.Of(status));

    /// <summary>Jira refuses it: it is asked again later, and the other tickets go on.</summary>
    public Task PutOffAsync(long ticket, string problem, TimeSpan pause, CancellationToken cancellationToken) => ExecuteAsync(
        """
        INSERT INTO jira_issues (ticket, problem, ask_again_at) SELECT number, $2, $3 FROM tickets WHERE number = $1
        ON CONFLICT (ticket) DO UPDATE SET problem = excluded.problem, ask_again_at = excluded.ask_again_at
        """,
        cancellationToken,
        Number(ticket),
        SqlText.Of(problem),
        new NpgsqlParameter<DateTimeOffset> { TypedValue = time.GetUtcNow() + pause });

    private async Task ExecuteAsync(string sql, CancellationToken cancellationToken, params NpgsqlParameter[] parameters)
    {
        await using var command = database.CreateCommand(sql);
        command.Parameters.AddRange(parameters);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private NpgsqlParameter<DateTimeOffset> Now() => new() { TypedValue = time.GetUtcNow() };

    private static NpgsqlParameter<long> Number(long value) => new() { TypedValue = value };
}
