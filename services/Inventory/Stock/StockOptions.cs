using System.ComponentModel.DataAnnotations;

namespace ResilientShop.Inventory.Stock;

/// <summary>Bound from configuration section <c>Stock</c>, validated at start.</summary>
internal sealed class StockOptions
{
    /// <summary>Of how many skus the last known stock is kept. Default 50,000, about 10 MB.</summary>
    [Range(1, 10_000_000)]
    public int LastKnownSkus { get; set; } = 50_000;
}
