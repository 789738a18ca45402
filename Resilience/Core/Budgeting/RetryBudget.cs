namespace ResilientShop.Resilience;

/// <summary>
/// The share of requests that retries may add, over a sliding window. However many calls fail at once, a dependency gets no more load than its
/// requests times one plus the ratio; the floor lets a service with little traffic retry at all. Counting a request takes no lock. Thread-safe.
/// </summary>
/// <remarks>
/// "The Site Reliability Workbook", chapter 22: a per-client retry budget of 10 % keeps the growth at 1.1. A request whose caller is itself retrying is
/// a retry here as well: so a chain of services adds 10 % once and not at every hop.
/// </remarks>
public sealed class RetryBudget
{
    private readonly SlidingCounts _counts;
    private readonly Lock _withdrawing = new();
    private readonly TimeProvider _time;
    private long _refusals;

    internal RetryBudget(RetryBudgetPolicy policy, TimeProvider time)
    {
        (Policy, _time) = (policy, time);
        _counts = new SlidingCounts(policy.Window, time);
    }

    /// <summary>The numbers it works with.</summary>
    public RetryBudgetPolicy Policy { get; }

    /// <summary>Retries refused since the start.</summary>
    public long Refusals => Volatile.Read(ref _refusals);

    /// <summary>Requests and retries within the window.</summary>
    public (long Requests, long Retries) Sample => _counts.Sum(_time.GetTimestamp());

    /// <summary>Counts a request that is nobody's retry.</summary>
    internal void Deposit(long now) => _counts.AddFirst(now);

    /// <summary>Asks for a retry. One that is granted is counted.</summary>
    internal bool TryWithdraw(long now)
    {
        lock (_withdrawing)
        {
            var (requests, retries) = _counts.Sum(now);
            if (retries + 1 > Math.Max(Policy.Floor, Policy.Ratio * requests))
            {
                _refusals++;
                return false;
            }

            _counts.AddSecond(now);
            return true;
        }
    }
}
