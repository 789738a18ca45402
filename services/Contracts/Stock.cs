namespace ResilientShop.Contracts;

/// <summary>Stock of one sku as <c>GET /inventory/{sku}</c> answers it: what can be sold, and what orders hold.</summary>
public sealed record StockView(string Sku, decimal Available, decimal Reserved);

/// <summary>Body of <c>PUT /inventory/{sku}</c>: sets what can be sold; what orders hold stays as it is. Zero is allowed.</summary>
public sealed record SetStockRequest(decimal Available);
