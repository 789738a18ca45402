using Npgsql;
using ResilientShop.Operations.Healing.Activities;
using ResilientShop.Operations.Healing.Workflow;

namespace ResilientShop.Operations.Healing.Engines;

/// <summary>What people say to healings: on record first, with who and why, then passed on. Thread-safe.</summary>
internal sealed class HealingWords(NpgsqlDataSource database, IEnumerable<IHealingEngine> engines, TimeProvider time)
{
    private readonly IReadOnlyDictionary<string, IHealingEngine> _engines = engines.ToDictionary(engine => engine.Name, StringComparer.Ordinal);

    /// <param name="ticket">Number of the ticket.</param>
    /// <param name="word">What is said.</param>
    /// <param name="cancellationToken">Ends the wait for the database or the engine.</param>
    /// <exception cref="HealingEngineException">The healing did not hear it: the engine does not answer, or this instance has no way to it.</exception>
    /// <returns>False where no healing of the ticket goes on.</returns>
    public async Task<bool> SayAsync(long ticket, HealingWord word, CancellationToken cancellationToken)
    {
        // The ticket's row and then the healing's are locked, so that it is started or ended either before this word or after it.
        await using var batch = database.CreateBatch();
        batch.BatchCommands.Add(HealingTable.LockTicket(ticket));
        batch.BatchCommands.Add(new NpgsqlBatchCommand(
            """
            WITH going_on AS (
                SELECT healings.letter_id, engine, engine IS NULL OR engine = ANY ($6) AS can_hear
                FROM tickets JOIN dead_letters ON coalesce(origin_id, id) = tickets.letter_id JOIN healings ON healings.letter_id = id
                WHERE number = $1 AND outcome IS NULL ORDER BY place DESC LIMIT 1 FOR UPDATE OF healings),
            said AS (INSERT INTO healing_words (letter_id, word, said_by, reason, at) SELECT letter_id, $2, $3, $4, $5 FROM going_on WHERE can_hear RETURNING id),
            noted AS (INSERT INTO ticket_comments (ticket, at, author, text) SELECT $1, $5, $3, $2 || ': ' || $4 FROM going_on WHERE can_hear)
            SELECT letter_id, engine, (SELECT id FROM said) FROM going_on
            """)
        {
            Parameters =
            {
                new NpgsqlParameter<long> { TypedValue = ticket },
                new NpgsqlParameter<string> { TypedValue = word.Word },
                new NpgsqlParameter<string> { TypedValue = word.By },
                SqlText.Of(word.Reason),
                new NpgsqlParameter<DateTimeOffset> { TypedValue = time.GetUtcNow() },
                new NpgsqlParameter<string[]> { TypedValue = [.. _engines.Keys] },
            },
        });
        Guid letter;
        string? name;
        await using (var row = await batch.ExecuteReaderAsync(cancellationToken))
        {
            await row.NextResultAsync(cancellationToken);
            if (!await row.ReadAsync(cancellationToken))
            {
                return false;
            }

            (letter, name) = (row.GetGuid(0), row.IsDBNull(1) ? null : row.GetString(1));
            word = word with { Id = row.IsDBNull(2) ? 0 : row.GetInt64(2) };
        }

        if (name is null)
        {
            // It is not started yet, and hears it when it starts.
            return true;
        }

        return _engines.TryGetValue(name, out var engine)
            ? await engine.SayAsync(letter, word, cancellationToken)
            : throw new HealingEngineException($"The healing runs on {name}, and this instance has none: say it to an instance that does, or start this one with it.");
    }
}

/// <summary>Which engine heals.</summary>
/// <param name="Engine"><c>temporal</c> or <c>saga</c>.</param>
/// <param name="Description">Which and why, in a sentence.</param>
internal sealed record HealingEngineView(string Engine, string Description);
