namespace ResilientShop.Resilience.Policies;

/// <summary>How a process stands to its policies. Immutable.</summary>
/// <param name="Store">Name of the store.</param>
/// <param name="Acknowledgement">What it runs, and what it has refused.</param>
/// <param name="Findings">What the linter says of what it runs.</param>
public sealed record PolicyStatus(string Store, Acknowledgement Acknowledgement, IReadOnlyList<PolicyFinding> Findings);
