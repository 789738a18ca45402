namespace ResilientShop.Resilience.Policies;

/// <summary>A change of one or more scopes, made whole or not at all. Immutable.</summary>
/// <param name="Scopes">The new text of each scope that changes; null deletes it.</param>
/// <param name="Who">Who makes it, for the audit.</param>
/// <param name="Why">Why, for the audit.</param>
public sealed record PolicyChange(IReadOnlyDictionary<string, ReadOnlyMemory<byte>?> Scopes, string Who, string Why)
{
    /// <summary>The revision that the change was made from: when the store has a later one, the change is refused. Null to make it in any case.</summary>
    public long? From { get; init; }
}

/// <summary>One state in the history of a store. Immutable.</summary>
/// <param name="Revision">Its number.</param>
/// <param name="At">When it was made; null when the store does not know.</param>
/// <param name="Who">Who made it; null when it came past the audit, for example by an editor or etcdctl.</param>
/// <param name="Why">Why.</param>
/// <param name="Scopes">The scopes that it changed.</param>
public sealed record PolicyHistoryEntry(long Revision, DateTimeOffset? At, string? Who, string? Why, IReadOnlyList<string> Scopes);
