using Npgsql;
using ResilientShop.Operations.Healing.Activities;
using ResilientShop.Operations.Healing.Workflow;

namespace ResilientShop.Operations.Healing.Engines;

/// <summary>
/// Hands healings that wait to the engine, in the order of their letters, each instance some. What is handed over twice, because an instance dies in between, is started once. Also
/// ends those of which nothing was heard for longer than a healing may take: the workflow was ended from outside.
/// </summary>
internal sealed partial class HealingStarter(NpgsqlDataSource database, IHealingEngine engine, HealingTable table, TimeProvider time, ILogger<HealingStarter> logger) : BackgroundService
{
    /// <summary>The execution timeout of a healing.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromMinutes(10);

    private const int MostAtOnce = 50;

    private static readonly TimeSpan Claim = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LookForLost = TimeSpan.FromSeconds(30);

    protected override Task ExecuteAsync(CancellationToken stoppingToken)
    {
        LogEngine(engine.Description);
        var lastLook = time.GetTimestamp();
        return WorkLoop.RunAsync(
            async () =>
            {
                while (await StartWaitingAsync(stoppingToken) == MostAtOnce)
                {
                    // There may be more that wait.
                }

                if (time.GetElapsedTime(lastLook) > LookForLost)
                {
                    lastLook = time.GetTimestamp();
                    await EndLostAsync(stoppingToken);
                }
            },
            Look,
            time,
            LogNotNow,
            stoppingToken);
    }

    private async Task<int> StartWaitingAsync(CancellationToken cancellationToken)
    {
        var claimed = await ClaimAsync(cancellationToken);
        Exception? problem = null;
        foreach (var (input, subject) in claimed)
        {
            try
            {
                await engine.StartAsync(input, subject, cancellationToken);
                for (var told = 0L; !await StartedAsync(input.LetterId, told, cancellationToken);)
                {
                    told = await TellAsync(input.LetterId, told, cancellationToken);
                }
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
            {
                // One that cannot be started, or told what was said, keeps no other waiting; it comes up again when its claim is over.
                problem = exception;
            }
        }

        return problem is null ? claimed.Count : throw problem;
    }

    /// <summary>Passes on what was said before it was started.</summary>
    /// <returns>The last word that was passed on.</returns>
    private async Task<long> TellAsync(Guid letter, long after, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("SELECT id, word, said_by, reason FROM healing_words WHERE letter_id = $1 AND id > $2 ORDER BY id");
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = letter });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = after });
        var words = new List<HealingWord>();
        await using (var row = await command.ExecuteReaderAsync(cancellationToken))
        {
            while (await row.ReadAsync(cancellationToken))
            {
                words.Add(new HealingWord(row.GetString(1), row.GetString(2), row.GetString(3)) { Id = row.GetInt64(0) });
            }
        }

        foreach (var word in words)
        {
            await engine.SayAsync(letter, word, cancellationToken);
        }

        return words.Count > 0 ? words[^1].Id : after;
    }

    /// <summary>From then on words go to the engine itself. Whoever says one locks the healing's row meanwhile, so none is between the two.</summary>
    /// <returns>False when something was said that the engine was not told.</returns>
    private async Task<bool> StartedAsync(Guid letter, long told, CancellationToken cancellationToken)
    {
        await using var batch = database.CreateBatch();
        batch.BatchCommands.Add(new NpgsqlBatchCommand("SELECT FROM healings WHERE letter_id = $1 FOR UPDATE") { Parameters = { new NpgsqlParameter<Guid> { TypedValue = letter } } });
        batch.BatchCommands.Add(new NpgsqlBatchCommand(
            "UPDATE healings SET started_at = $2, engine = $3 WHERE letter_id = $1 AND NOT EXISTS (SELECT FROM healing_words WHERE healing_words.letter_id = $1 AND id > $4)")
        {
            Parameters =
            {
                new NpgsqlParameter<Guid> { TypedValue = letter },
                new NpgsqlParameter<DateTimeOffset> { TypedValue = time.GetUtcNow() },
                new NpgsqlParameter<string> { TypedValue = engine.Name },
                new NpgsqlParameter<long> { TypedValue = told },
            },
        });
        return await batch.ExecuteNonQueryAsync(cancellationToken) > 0;
    }

    /// <summary>No lock is held while they are started: a healing writes to its own row as soon as it runs.</summary>
    private async Task<List<(HealingInput Input, HealingSubject Subject)>> ClaimAsync(CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(FormattableString.Invariant($"""
            WITH claimed AS (
                UPDATE healings SET claimed_until = $1 WHERE letter_id IN (
                    SELECT letter_id FROM healings WHERE started_at IS NULL AND claimed_until < $2 ORDER BY place LIMIT {MostAtOnce} FOR UPDATE SKIP LOCKED)
                RETURNING letter_id, place)
            SELECT letter_id, traceparent, service_name, error_code, fingerprint FROM claimed JOIN dead_letters ON id = letter_id ORDER BY place
            """));
        var now = time.GetUtcNow();
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = now + Claim });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = now });
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        var claimed = new List<(HealingInput, HealingSubject)>();
        while (await row.ReadAsync(cancellationToken))
        {
            claimed.Add((new HealingInput(row.GetGuid(0), row.IsDBNull(1) ? null : row.GetString(1)), new HealingSubject(row.GetString(2), row.GetString(3), row.GetString(4))));
        }

        return claimed;
    }

    /// <summary>A healing on the saga engine ends by itself, however long it was away; but not one whose saga a person has skipped or undone.</summary>
    internal async Task EndLostAsync(CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(
            """
            SELECT letter_id FROM healings
            WHERE outcome IS NULL AND started_at < $1 AND (engine = 'temporal' AND started_at < $2 OR engine = 'saga' AND EXISTS (SELECT FROM durable.finished_sagas WHERE id = letter_id)) LIMIT 100
            """);
        var now = time.GetUtcNow();
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = now - LookForLost });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = now - Longest - LookForLost });
        var lost = new List<Guid>();
        await using (var row = await command.ExecuteReaderAsync(cancellationToken))
        {
            while (await row.ReadAsync(cancellationToken))
            {
                lost.Add(row.GetGuid(0));
            }
        }

        foreach (var letter in lost)
        {
            await table.EndAsync(letter, HealingEnd.GaveUp, "escalated", "The healing was not heard of any more: it took too long, or it was ended from outside. A person is asked.", cancellationToken);
        }
    }

    [LoggerMessage(LogLevel.Information, "{Description}")]
    private partial void LogEngine(string description);

    [LoggerMessage(LogLevel.Warning, "Healings wait to be started: {Problem}")]
    private partial void LogNotNow(string problem);
}
