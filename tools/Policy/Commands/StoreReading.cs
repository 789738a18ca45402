namespace Policy.Commands;

/// <summary>Reads of a store that several commands do.</summary>
internal static class StoreReading
{
    /// <summary>What it held at a revision, or holds now.</summary>
    public static Task<StoredPolicies> ReadAtAsync(this IPolicyStore store, long? revision, CancellationToken cancellationToken) =>
        revision is { } number ? store.ReadAsync(number, cancellationToken) : store.ReadAsync(cancellationToken);
}
