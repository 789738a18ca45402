using System.Collections.Frozen;

namespace ResilientShop.Resilience.Policies;

/// <summary>
/// All policies of one revision, as this process runs them. A request takes the current one when it starts and keeps it to its end, so that it never sees two
/// revisions. Immutable but for what is made at its first use; reading it takes no lock and allocates nothing. Thread-safe.
/// </summary>
public sealed class PolicySnapshot
{
    private volatile DependencySnapshot?[] _slots;
    private volatile FrozenDictionary<string, DependencySnapshot> _routes = FrozenDictionary<string, DependencySnapshot>.Empty;

    internal PolicySnapshot(DependencyRegistry registry, PolicyDocument document, long revision, string digest, int slots)
    {
        (Registry, Document, Revision, Digest) = (registry, document, revision, digest);
        _slots = new DependencySnapshot?[slots];
    }

    /// <summary>The store's number of it; 0 for what the process was started with.</summary>
    public long Revision { get; }

    /// <summary>Names its content, see <see cref="StoredPolicies.Digest"/>; empty when it comes from no store.</summary>
    public string Digest { get; }

    /// <summary>The document that it was made from.</summary>
    public PolicyDocument Document { get; }

    internal DependencyRegistry Registry { get; }

    /// <summary>What a route promises, or null when the policies do not name it.</summary>
    public RoutePolicy? Route(string name) => Document.Routes.GetValueOrDefault(name);

    internal DependencySnapshot Of(Dependency dependency, string? route)
    {
        var slots = _slots;
        var slot = (uint)dependency.Index < (uint)slots.Length ? slots[dependency.Index] : null;
        slot ??= Registry.Complete(this, dependency);
        return route is not null && _routes.TryGetValue(route, out var own) && own.Dependency == dependency ? own : slot;
    }

    internal DependencySnapshot? Find(Dependency dependency)
    {
        var slots = _slots;
        return dependency.Index < slots.Length ? slots[dependency.Index] : null;
    }

    /// <summary>Only under the registry's lock.</summary>
    internal void Set(DependencySnapshot slot, IEnumerable<KeyValuePair<string, DependencySnapshot>> routes)
    {
        var index = slot.Dependency.Index;
        var slots = _slots;
        Array.Resize(ref slots, Math.Max(slots.Length, index + 1)); // A copy: somebody may be reading the other one.
        slots = [.. slots];
        slots[index] = slot;
        var changed = routes.ToList();
        if (changed.Count > 0)
        {
            _routes = _routes.Where(route => route.Value.Dependency != slot.Dependency).Concat(changed).ToFrozenDictionary(StringComparer.Ordinal);
        }

        _slots = slots;
    }
}
