using System.Text;
using ResilientShop.Resilience.Policies;

namespace ResilientShop.Operations.Policies;

/// <summary>A state of the store.</summary>
internal sealed record PoliciesView(long Revision, string Digest, IReadOnlyDictionary<string, string> Scopes)
{
    public static PoliciesView Of(StoredPolicies stored) => new(stored.Revision, stored.Digest, stored.Sources.ToDictionary(source => source.Scope, TextOf));

    public static string TextOf(PolicySource source) => source.Problem is { } problem ? $"({problem})" : Encoding.UTF8.GetString(source.Content.Span);
}

/// <summary>What differs between two revisions.</summary>
internal sealed record DiffView(long From, long To, IReadOnlyList<ScopeDiff> Scopes)
{
    public static DiffView Of(StoredPolicies before, StoredPolicies after)
    {
        var (old, @new) = (before.Sources.ToDictionary(source => source.Scope), after.Sources.ToDictionary(source => source.Scope));
        var differing = old.Keys.Union(@new.Keys).Order(StringComparer.Ordinal)
            .Select(scope => new ScopeDiff(scope, TextOf(old, scope), TextOf(@new, scope)))
            .Where(diff => diff.Before != diff.After);
        return new DiffView(before.Revision, after.Revision, [.. differing]);
    }

    private static string? TextOf(Dictionary<string, PolicySource> sources, string scope) => sources.TryGetValue(scope, out var source) ? PoliciesView.TextOf(source) : null;
}

/// <summary>A scope before and after; null where it is not there.</summary>
internal sealed record ScopeDiff(string Scope, string? Before, string? After);

/// <summary>Who runs what.</summary>
/// <param name="Revision">The store's.</param>
/// <param name="Digest">The store's.</param>
/// <param name="Everywhere">Whether every instance runs it.</param>
/// <param name="Instances">The instances.</param>
internal sealed record InstancesView(long Revision, string Digest, bool Everywhere, IReadOnlyList<Acknowledgement> Instances)
{
    public static InstancesView Of(StoredPolicies stored, IReadOnlyList<Acknowledgement> instances) =>
        new(stored.Revision, stored.Digest, instances.Count > 0 && instances.All(instance => instance.Digest == stored.Digest), instances);
}

/// <summary>What a change came to.</summary>
internal sealed record ChangeView(long Revision, string Digest, bool Written, IReadOnlyList<string> Scopes, IReadOnlyList<PolicyFinding> Findings);
