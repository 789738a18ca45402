namespace ResilientShop.Resilience.Durable.Sagas;

/// <summary>Those who wait for a saga's end. Thread-safe.</summary>
internal sealed class SagaWaiters : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<Guid, List<TaskCompletionSource<SagaResult>>> _waiters = [];

    /// <summary>Set whenever someone begins to wait.</summary>
    public AsyncSignal Arrived { get; } = new();

    public async Task<SagaResult> WaitAsync(Guid id, CancellationToken cancellationToken)
    {
        var waiter = new TaskCompletionSource<SagaResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            if (!_waiters.TryGetValue(id, out var list))
            {
                _waiters.Add(id, list = []);
            }

            list.Add(waiter);
        }

        Arrived.Set();
        try
        {
            return await waiter.Task.WaitAsync(cancellationToken);
        }
        finally
        {
            Leave(id, waiter);
        }
    }

    public void Signal(SagaResult result)
    {
        lock (_gate)
        {
            foreach (var waiter in _waiters.GetValueOrDefault(result.Id) ?? [])
            {
                waiter.TrySetResult(result);
            }
        }
    }

    public Guid[] Ids()
    {
        lock (_gate)
        {
            return [.. _waiters.Keys];
        }
    }

    public void Dispose() => Arrived.Dispose();

    private void Leave(Guid id, TaskCompletionSource<SagaResult> waiter)
    {
        lock (_gate)
        {
            if (_waiters.TryGetValue(id, out var list) && list.Remove(waiter) && list.Count == 0)
            {
                _waiters.Remove(id);
            }
        }
    }
}
