namespace ResilientShop.Resilience.Durable.Messaging;

/// <summary>Set when a transaction with messages has committed on this instance.</summary>
internal sealed class OutboxSignal : IDisposable
{
    private readonly AsyncSignal _signal = new();

    public void Set() => _signal.Set();

    public Task<bool> WaitAsync(TimeSpan timeout, CancellationToken cancellationToken) => _signal.WaitAsync(timeout, cancellationToken);

    public void Dispose() => _signal.Dispose();
}
