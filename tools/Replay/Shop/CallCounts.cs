namespace Replay.Shop;

/// <summary>Counts what had to be repeated, and why. Thread-safe.</summary>
internal sealed class CallCounts
{
    private readonly System.Collections.Concurrent.ConcurrentDictionary<string, int> _retries = new(StringComparer.Ordinal);

    /// <summary>Repetitions by cause: a status such as <c>503</c>, <c>timeout</c> or <c>connection</c>.</summary>
    public IReadOnlyDictionary<string, int> Retries => new SortedDictionary<string, int>(_retries, StringComparer.Ordinal);

    /// <summary>Counts one repetition.</summary>
    public void CountRetry(string cause) => _retries.AddOrUpdate(cause, 1, (_, count) => count + 1);
}
