namespace ResilientShop.Resilience.Http;

/// <summary>Says that an endpoint's requests are signals of how its service is.</summary>
/// <param name="Name">Name of the endpoint; null for its route.</param>
internal sealed record SignalsMetadata(string? Name);
