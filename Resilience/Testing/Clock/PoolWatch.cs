namespace ResilientShop.Resilience.Testing;

/// <summary>
/// Tells from the counters of the thread pool whether it can hold work that is taken up by nobody yet. Others use the pool too: what they did
/// while nothing of the work was on its way is learnt, and as long as that does not change nothing has been added. Not thread-safe.
/// </summary>
internal sealed class PoolWatch
{
    private int _busyOthers;
    private long _completed = -1;

    /// <summary>Id of the thread of the pool that waits for the end of the run, and so has nothing of the work; 0 when there is none.</summary>
    public int WaitingThread { get; set; }

    public static bool IsQueued => ThreadPool.PendingWorkItemCount != 0;

    /// <summary>Threads with something to do, apart from this one.</summary>
    public int BusyOthers()
    {
        ThreadPool.GetMaxThreads(out var most, out _);
        ThreadPool.GetAvailableThreads(out var free, out _);
        var isWaiting = WaitingThread != 0 && WaitingThread != Environment.CurrentManagedThreadId;
        return most - free - (Thread.CurrentThread.IsThreadPoolThread ? 1 : 0) - (isWaiting ? 1 : 0);
    }

    /// <summary>
    /// Whether nothing can be on its way. An item of the work is in a queue, or on a thread; and a thread that has taken it was idle before, and then
    /// there is one more busy, or has completed something else first.
    /// </summary>
    public bool IsQuiet()
    {
        if (IsQueued)
        {
            return false;
        }

        var busy = BusyOthers();
        return busy <= 0 || (busy <= _busyOthers && ThreadPool.CompletedWorkItemCount == _completed);
    }

    /// <summary>The work has not begun, so whatever is busy belongs to others; it may be about to finish, so that it proves nothing yet.</summary>
    public void LearnBeforeWork()
    {
        _completed = -1;
        _busyOthers = BusyOthers();
    }

    /// <summary>Whether there are more busy threads than others are known to have, so that one may have something of the work.</summary>
    public bool IsMoreThanOthers(int busy) => busy > _busyOthers;

    /// <summary>Nothing of the work is on its way now, so whatever is busy belongs to others.</summary>
    /// <param name="busyOthers">The fewest busy threads seen lately: a thread counts as busy for a moment after it has finished.</param>
    public void Learn(int busyOthers)
    {
        _completed = ThreadPool.CompletedWorkItemCount;
        _busyOthers = busyOthers;
    }
}
