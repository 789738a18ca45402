namespace ResilientShop.Payments.Capturing;

/// <summary>Wakes <see cref="CaptureLater"/> when there is something to capture. Thread-safe.</summary>
internal sealed class CaptureSignal : IDisposable
{
    private readonly SemaphoreSlim _woken = new(0, 1);
    private int _isAwake;

    /// <summary>There is something to capture.</summary>
    public void Set()
    {
        if (Interlocked.Exchange(ref _isAwake, 1) == 0)
        {
            _woken.Release();
        }
    }

    /// <summary>Until the signal is set, or the time is over.</summary>
    public async Task WaitAsync(TimeSpan most, TimeProvider time, CancellationToken cancellationToken)
    {
        using var over = new CancellationTokenSource(most, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(over.Token, cancellationToken);
        var woken = _woken.WaitAsync(either.Token);
        await woken.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (woken.IsCompletedSuccessfully)
        {
            Volatile.Write(ref _isAwake, 0);
        }

        cancellationToken.ThrowIfCancellationRequested();
    }

    public void Dispose() => _woken.Dispose();
}
