using ResilientShop.Resilience.Policies;

namespace ResilientShop.Resilience.Http;

/// <summary>What a process starts with, before it has heard of its store. Immutable.</summary>
/// <param name="Document">The policies.</param>
/// <param name="Stored">Where they were read from.</param>
/// <param name="Origin">The same for people.</param>
internal sealed record FirstPolicies(PolicyDocument Document, StoredPolicies Stored, string Origin);
