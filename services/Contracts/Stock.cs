using System.Text.Json.Serialization;

namespace ResilientShop.Contracts;

/// <summary>Stock of one sku as <c>GET /inventory/{sku}</c> answers it: what can be sold, and what orders hold.</summary>
public sealed record StockView(string Sku, decimal Available, decimal Reserved)
{
    /// <summary>The cheaper way by which it was answered, for example <see cref="StockDegradation.LastKnownStock"/>; null when it is the stock of this moment.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Degraded { get; init; }

    /// <summary>With <see cref="Degraded"/>: when it was so.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTimeOffset? AsOf { get; init; }
}

/// <summary>Cheaper ways of Inventory: values of header <c>x-degraded</c> and of <see cref="StockView.Degraded"/>.</summary>
public static class StockDegradation
{
    /// <summary>The stock as it was last seen; the database was not asked.</summary>
    public const string LastKnownStock = "last-known-stock";
}

/// <summary>Body of <c>PUT /inventory/{sku}</c>: sets what can be sold; what orders hold stays as it is. Zero is allowed.</summary>
public sealed record SetStockRequest(decimal Available);
