using Npgsql;
using ResilientShop.Operations.Healing.Workflow;

namespace ResilientShop.Operations.Healing.Engines;

/// <summary>What people say to healings: on record first, with who and why, then passed on. Thread-safe.</summary>
internal sealed class HealingWords(NpgsqlDataSource database, IEnumerable<IHealingEngine> engines, TimeProvider time)
{
    /// <param name="ticket">Number of the ticket.</param>
    /// <param name="word">What is said.</param>
    /// <param name="cancellationToken">Ends the wait for the database or the engine.</param>
    /// <returns>False where no healing of the ticket goes on; nothing is on record then.</returns>
    public async Task<bool> SayAsync(long ticket, HealingWord word, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(
            """
            WITH going_on AS (
                SELECT healings.letter_id, engine FROM tickets JOIN dead_letters ON coalesce(origin_id, id) = tickets.letter_id JOIN healings ON healings.letter_id = id
                WHERE number = $1 AND outcome IS NULL ORDER BY place DESC LIMIT 1 FOR UPDATE OF tickets),
            said AS (INSERT INTO healing_words (letter_id, word, said_by, reason, at) SELECT letter_id, $2, $3, $4, $5 FROM going_on RETURNING letter_id),
            noted AS (INSERT INTO ticket_comments (ticket, at, author, text) SELECT $1, $5, $3, $2 || ': ' || $4 FROM said)
            SELECT letter_id, engine FROM said JOIN going_on USING (letter_id)
            """);
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = ticket });
        foreach (var text in (string[])[word.Word, word.By, word.Reason.Replace('\0', '\uFFFD')])
        {
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = text });
        }

        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = time.GetUtcNow() });
        Guid letter;
        string? name;
        await using (var row = await command.ExecuteReaderAsync(cancellationToken))
        {
            if (!await row.ReadAsync(cancellationToken))
            {
                return false;
            }

            (letter, name) = (row.GetGuid(0), row.IsDBNull(1) ? null : row.GetString(1));
        }

        // One that is not started yet hears it when it starts. One on an engine that this instance does not have hears it from the table, or from another instance.
        return name is null || engines.FirstOrDefault(engine => engine.Name == name) is not { } mine || await mine.SayAsync(letter, word, cancellationToken);
    }
}

/// <summary>Which engine heals.</summary>
/// <param name="Engine"><c>temporal</c> or <c>saga</c>.</param>
/// <param name="Description">Which and why, in a sentence.</param>
internal sealed record HealingEngineView(string Engine, string Description);
