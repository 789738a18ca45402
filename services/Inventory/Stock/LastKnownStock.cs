using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using ResilientShop.Contracts;

namespace ResilientShop.Inventory.Stock;

/// <summary>
/// The stock of each sku as this process saw it last: what is answered while the database should be left alone. Only for looking at; reserving always asks the database.
/// Thread-safe.
/// </summary>
internal sealed class LastKnownStock(IOptions<StockOptions> options, TimeProvider time)
{
    private readonly ConcurrentDictionary<string, StockView> _known = new(StringComparer.Ordinal);

    /// <summary>Keeps what was just read.</summary>
    /// <returns><paramref name="seen"/>.</returns>
    public StockView Remember(StockView seen)
    {
        // Full means a catalog far beyond what was planned for; starting over is simple and keeps memory bounded.
        if (_known.Count >= options.Value.LastKnownSkus)
        {
            _known.Clear();
        }

        _known[seen.Sku] = seen with { Degraded = StockDegradation.LastKnownStock, AsOf = time.GetUtcNow() };
        return seen;
    }

    /// <summary>The stock as it was last seen, with when that was; null for a sku that was never looked at.</summary>
    public StockView? Find(string sku) => _known.GetValueOrDefault(sku);
}
