using ResilientShop.Resilience;
using ResilientShop.Resilience.Policies;

namespace ResilientShop.ServiceDefaults.Operating;

/// <summary>Which policies an instance runs, as <c>GET /resilience/policies</c> shows it.</summary>
internal sealed record PolicyStatusView(
    long Revision, string Digest, string? Store, string? Origin, long? RefusedRevision, IReadOnlyList<string> RefusedBecause, string? StoreProblem,
    IReadOnlyList<string> Pinned, IReadOnlyList<string> AfterRestart, IReadOnlyList<string> Findings)
{
    public static PolicyStatusView Of(DependencyRegistry dependencies, PolicyStatus? status)
    {
        var (current, told) = (dependencies.Current, status?.Acknowledgement);
        return new PolicyStatusView(
            current.Revision,
            current.Digest,
            status?.Store,
            told?.Origin,
            told?.RefusedRevision,
            told?.RefusedBecause ?? [],
            told?.StoreProblem,
            told?.Pinned ?? [],
            told?.AfterRestart ?? [],
            [.. status?.Findings.Select(finding => finding.ToString()) ?? []]);
    }
}
