namespace ResilientShop.Resilience.Durable;

/// <summary>An auto-reset event without threads: any number of sets before a wait count as one.</summary>
internal sealed class AsyncSignal : IDisposable
{
    private readonly SemaphoreSlim _set = new(0, 1);
    private int _isSet;

    public void Set()
    {
        if (Interlocked.Exchange(ref _isSet, 1) == 0)
        {
            _set.Release();
        }
    }

    /// <summary>Waits for a set, at most <paramref name="timeout"/>.</summary>
    /// <returns>Whether it was set.</returns>
    public async Task<bool> WaitAsync(TimeSpan timeout, CancellationToken cancellationToken)
    {
        if (!await _set.WaitAsync(timeout, cancellationToken))
        {
            return false;
        }

        Volatile.Write(ref _isSet, 0);
        return true;
    }

    public void Dispose() => _set.Dispose();
}
