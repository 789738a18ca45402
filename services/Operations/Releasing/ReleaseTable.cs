using System.Text.Json;
using Npgsql;
using NpgsqlTypes;

namespace ResilientShop.Operations.Releasing;

/// <summary>Where decisions about releases are kept.</summary>
internal interface IReleaseRecord
{
    /// <summary>Keeps a decision.</summary>
    Task AddAsync(ReleaseEntry entry, CancellationToken cancellationToken);

    /// <summary>The newest decisions of a service, newest first; of all when it is null.</summary>
    Task<IReadOnlyList<ReleaseEntry>> ListAsync(string? service, int most, CancellationToken cancellationToken);

    /// <summary>The newest decision of each service.</summary>
    Task<IReadOnlyList<ReleaseEntry>> LatestAsync(CancellationToken cancellationToken);
}

/// <summary>Decisions about releases in <c>release_decisions</c>. Thread-safe.</summary>
internal sealed class ReleaseTable(NpgsqlDataSource database) : IReleaseRecord
{
    private const string Columns = "service, release_id, at, action, share, reason, decided_by, judgement::text";

    public async Task AddAsync(ReleaseEntry entry, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(
            "INSERT INTO release_decisions (service, release_id, at, action, share, reason, decided_by, judgement) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)");
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = entry.Service });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = entry.ReleaseId });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = entry.At });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = entry.Action });
        command.Parameters.Add(new NpgsqlParameter<double> { TypedValue = entry.Share });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = entry.Reason });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = entry.By });
        command.Parameters.Add(new NpgsqlParameter
        {
            Value = entry.Metrics.Count == 0 ? DBNull.Value : JsonSerializer.Serialize(entry.Metrics, JsonSerializerOptions.Web), NpgsqlDbType = NpgsqlDbType.Json,
        });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    public async Task<IReadOnlyList<ReleaseEntry>> ListAsync(string? service, int most, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand($"SELECT {Columns} FROM release_decisions WHERE $1 IS NULL OR service = $1 ORDER BY id DESC LIMIT $2");
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)service ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = most });
        return await ReadAsync(command, cancellationToken);
    }

    public async Task<IReadOnlyList<ReleaseEntry>> LatestAsync(CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand($"SELECT DISTINCT ON (service) {Columns} FROM release_decisions ORDER BY service, id DESC");
        return await ReadAsync(command, cancellationToken);
    }

    private static async Task<IReadOnlyList<ReleaseEntry>> ReadAsync(NpgsqlCommand command, CancellationToken cancellationToken)
    {
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        var entries = new List<ReleaseEntry>();
        while (await row.ReadAsync(cancellationToken))
        {
            entries.Add(new ReleaseEntry(
                row.GetString(0),
                row.GetString(1),
                row.GetFieldValue<DateTimeOffset>(2),
                row.GetString(3),
                row.GetDouble(4),
                row.GetString(5),
                row.GetString(6),
                row.IsDBNull(7) ? [] : JsonSerializer.Deserialize<List<ComparisonView>>(row.GetString(7), JsonSerializerOptions.Web)!));
        }

        return entries;
    }
}
