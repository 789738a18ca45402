using System.Data;
using Npgsql;
using ResilientShop.Contracts;
using ResilientShop.Contracts.Inventory.V1;
using Outcome = ResilientShop.Contracts.Inventory.V1.ReserveReply.Types.Outcome;

namespace ResilientShop.Inventory.Reservations;

/// <summary>
/// What orders hold. Each operation is one statement and one transaction in the database (Database/0002_reserve_and_release.sql), so it has
/// happened whole or not at all whenever a call is cancelled or a process dies. Thread-safe.
/// </summary>
internal sealed class ReservationTable(NpgsqlDataSource database)
{
    /// <summary>Takes all lines or none. The same order gets the same answer again, except that a shortage is tried anew.</summary>
    public async Task<ReserveReply> ReserveAsync(Guid orderId, ReservationLines lines, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("SELECT outcome, obstacle FROM reserve_stock($1, $2, $3)");
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = orderId });
        command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = lines.Skus });
        command.Parameters.Add(new NpgsqlParameter<decimal[]> { TypedValue = lines.Quantities });
        await using var row = await command.ExecuteReaderAsync(CommandBehavior.SingleRow, cancellationToken);
        await row.ReadAsync(cancellationToken);
        return new ReserveReply { Outcome = Parse(row.GetString(0)), Sku = row.IsDBNull(1) ? string.Empty : row.GetString(1) };
    }

    /// <summary>Puts the stock of an order back, once.</summary>
    public async Task ReleaseAsync(Guid orderId, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("SELECT release_stock($1)");
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = orderId });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>What an order holds or held; null when it never asked for anything.</summary>
    public async Task<ReservationView?> FindAsync(Guid orderId, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(
            """
            SELECT status, sku, quantity FROM reservations LEFT JOIN reservation_lines USING (order_id) WHERE order_id = $1 ORDER BY sku
            """);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = orderId });
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        string? status = null;
        var lines = new List<ReservationLine>();
        while (await row.ReadAsync(cancellationToken))
        {
            status = row.GetString(0);
            if (!row.IsDBNull(1))
            {
                lines.Add(new ReservationLine(row.GetString(1), row.GetDecimal(2)));
            }
        }

        return status is null ? null : new ReservationView(orderId, status, lines);
    }

    private static Outcome Parse(string outcome) => outcome switch
    {
        "reserved" => Outcome.Reserved,
        "released" => Outcome.Released,
        "out_of_stock" => Outcome.OutOfStock,
        "unknown_sku" => Outcome.UnknownSku,
        _ => throw new InvalidOperationException($"reserve_stock answered '{outcome}', which this version does not know."),
    };
}
