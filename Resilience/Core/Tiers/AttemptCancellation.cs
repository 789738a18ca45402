namespace ResilientShop.Resilience;

/// <summary>
/// The token of one attempt: it fires when the caller gives up or the attempt's time is over. Sources are used again, timer and all, where the system's
/// clock runs them; on any other clock each is used once. Not thread-safe: one attempt owns it.
/// </summary>
internal sealed class AttemptCancellation : IDisposable
{
    private const int Kept = 64;

    private static readonly AttemptCancellation?[] Pool = new AttemptCancellation?[Kept];

    // Most attempts find the one that the attempt before left on the same thread.
    [ThreadStatic]
    private static AttemptCancellation? t_last;

    private readonly CancellationTokenSource _source = new();
    private CancellationTokenRegistration _caller;
    private ITimer? _timer;

    /// <summary>The token to hand down.</summary>
    public CancellationToken Token => _source.Token;

    /// <summary>Whether it has fired.</summary>
    public bool HasFired => _source.IsCancellationRequested;

    public static AttemptCancellation Rent()
    {
        if (t_last is { } last)
        {
            t_last = null;
            return last;
        }

        for (var i = 0; i < Pool.Length; i++)
        {
            if (Pool[i] is not null && Interlocked.Exchange(ref Pool[i], null) is { } pooled)
            {
                return pooled;
            }
        }

        return new AttemptCancellation();
    }

    /// <summary>Starts the attempt's time and listens to the caller. An attempt that ended at once needs neither.</summary>
    public void Arm(TimeSpan timeout, TimeProvider time, CancellationToken caller)
    {
        _caller = caller.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), _source);
        if (ReferenceEquals(time, TimeProvider.System))
        {
            _source.CancelAfter(timeout);
        }
        else
        {
            _timer = time.CreateTimer(static source => ((CancellationTokenSource)source!).Cancel(), _source, timeout, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Ends the attempt. Nobody may use the token any more.</summary>
    public void Dispose()
    {
        _caller.Dispose();
        _caller = default;
        if (_timer is not null || !_source.TryReset())
        {
            _timer?.Dispose();
            _source.Dispose();
            return;
        }

        if (t_last is null)
        {
            t_last = this;
            return;
        }

        for (var i = 0; i < Pool.Length; i++)
        {
            if (Pool[i] is null && Interlocked.CompareExchange(ref Pool[i], this, null) is null)
            {
                return;
            }
        }

        _source.Dispose();
    }
}
