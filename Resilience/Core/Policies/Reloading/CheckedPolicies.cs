namespace ResilientShop.Resilience.Policies;

/// <summary>A document that was read, checked and linted, and has no contradiction. Immutable.</summary>
/// <param name="Document">The document.</param>
/// <param name="Findings">What the linter says of it, short of errors.</param>
public sealed record CheckedPolicies(PolicyDocument Document, IReadOnlyList<PolicyFinding> Findings)
{
    /// <summary>Reads, checks and lints.</summary>
    /// <exception cref="PolicyInvalidException">It is wrong or contradicts itself; all of it is named.</exception>
    public static CheckedPolicies Load(IEnumerable<PolicySource> sources)
    {
        var document = PolicyDocument.Load(sources);
        var findings = PolicyLinter.Lint(document);
        var contradictions = findings.Where(finding => finding.Severity == FindingSeverity.Error).Select(
            finding => new PolicyError(finding.First, $"in contradiction to {finding.Second} ({finding.Rule}): {finding.Arithmetic.TrimEnd('.')}", $"must be changed: {finding.Fix.TrimEnd('.')}")).ToList();
        return contradictions.Count == 0 ? new CheckedPolicies(document, findings) : throw new PolicyInvalidException(contradictions);
    }
}
