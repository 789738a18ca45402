using System.Text.Json;
using Npgsql;
using NpgsqlTypes;
using ResilientShop.Operations.Healing.Workflow;

namespace ResilientShop.Operations.Healing.Engines;

/// <summary>
/// What a healing on the saga engine has done already, so that whoever goes on with it does it once. Entries are numbered in the order in which the script asks for them, which
/// is always the same. Of one healing, and not thread-safe but for entries that are made at the same time.
/// </summary>
internal sealed class HealingJournal
{
    private readonly NpgsqlDataSource _database;
    private readonly Guid _letter;
    private readonly TimeProvider _time;
    private readonly IReadOnlyDictionary<string, string> _entries;

    private HealingJournal(NpgsqlDataSource database, Guid letter, TimeProvider time, IReadOnlyDictionary<string, string> entries, IReadOnlyList<(long, HealingWord)> words) =>
        (_database, _letter, _time, _entries, Words) = (database, letter, time, entries, words);

    /// <summary>What people have said, first to last.</summary>
    public IReadOnlyList<(long Id, HealingWord Word)> Words { get; }

    public static async Task<HealingJournal> OpenAsync(NpgsqlDataSource database, Guid letter, TimeProvider time, CancellationToken cancellationToken)
    {
        await using var batch = database.CreateBatch();
        foreach (var sql in (string[])["SELECT entry, result::text FROM healing_journal WHERE letter_id = $1", "SELECT id, word, said_by, reason FROM healing_words WHERE letter_id = $1 ORDER BY id"])
        {
            batch.BatchCommands.Add(new NpgsqlBatchCommand(sql) { Parameters = { new NpgsqlParameter<Guid> { TypedValue = letter } } });
        }

        await using var row = await batch.ExecuteReaderAsync(cancellationToken);
        var entries = new Dictionary<string, string>(StringComparer.Ordinal);
        while (await row.ReadAsync(cancellationToken))
        {
            entries[row.GetString(0)] = row.GetString(1);
        }

        await row.NextResultAsync(cancellationToken);
        var words = new List<(long, HealingWord)>();
        while (await row.ReadAsync(cancellationToken))
        {
            words.Add((row.GetInt64(0), new HealingWord(row.GetString(1), row.GetString(2), row.GetString(3))));
        }

        return new HealingJournal(database, letter, time, entries, words);
    }

    /// <summary>What an entry says; default when there is none.</summary>
    public (bool IsThere, T? Result) Find<T>(string entry) =>
        _entries.TryGetValue(entry, out var json) ? (true, JsonSerializer.Deserialize<T>(json, JsonSerializerOptions.Web)) : (false, default);

    /// <summary>Adds an entry, unless another run was first: one whose saga was taken from it, and that does not know yet.</summary>
    /// <returns>What the entry says.</returns>
    public async Task<T> AddAsync<T>(string entry, T result, CancellationToken cancellationToken)
    {
        await using var command = _database.CreateCommand(
            """
            INSERT INTO healing_journal (letter_id, entry, result, at) VALUES ($1, $2, $3, $4)
            ON CONFLICT (letter_id, entry) DO UPDATE SET at = healing_journal.at RETURNING result::text
            """);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = _letter });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = entry });
        command.Parameters.Add(new NpgsqlParameter { Value = JsonSerializer.Serialize(result, JsonSerializerOptions.Web), NpgsqlDbType = NpgsqlDbType.Json });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = _time.GetUtcNow() });
        return JsonSerializer.Deserialize<T>((string)(await command.ExecuteScalarAsync(cancellationToken))!, JsonSerializerOptions.Web)!;
    }
}
