using Npgsql;
using ResilientShop.Contracts;

namespace ResilientShop.Inventory.Stock;

/// <summary>Reads and sets the stock of single skus. Thread-safe.</summary>
internal sealed class StockTable(NpgsqlDataSource database)
{
    /// <summary>The stock of <paramref name="sku"/>, or null when the catalog does not know it.</summary>
    public async Task<StockView?> FindAsync(string sku, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("SELECT trim_scale(available), trim_scale(reserved) FROM stock WHERE sku = $1");
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = sku });
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        return await row.ReadAsync(cancellationToken) ? new StockView(sku, row.GetDecimal(0), row.GetDecimal(1)) : null;
    }

    /// <summary>Sets what can be sold; what orders hold stays as it is. A new sku becomes known.</summary>
    public async Task<StockView> SetAvailableAsync(string sku, decimal available, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(
            """
            INSERT INTO stock (sku, available) VALUES ($1, $2)
            ON CONFLICT (sku) DO UPDATE SET available = excluded.available
            RETURNING trim_scale(available), trim_scale(reserved)
            """);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = sku });
        command.Parameters.Add(new NpgsqlParameter<decimal> { TypedValue = available });
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        await row.ReadAsync(cancellationToken);
        return new StockView(sku, row.GetDecimal(0), row.GetDecimal(1));
    }

    /// <summary>Those of <paramref name="skus"/> that the catalog does not know, each once.</summary>
    public async Task<IReadOnlyList<string>> FindUnknownAsync(string[] skus, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(
            "SELECT DISTINCT wanted.sku FROM unnest($1) AS wanted (sku) WHERE NOT EXISTS (SELECT 1 FROM stock WHERE stock.sku = wanted.sku)");
        command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = skus });
        await using var rows = await command.ExecuteReaderAsync(cancellationToken);
        var unknown = new List<string>();
        while (await rows.ReadAsync(cancellationToken))
        {
            unknown.Add(rows.GetString(0));
        }

        return unknown;
    }
}
