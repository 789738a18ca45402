namespace ResilientShop.Resilience.Durable.Messaging;

/// <summary>How a consumer is doing, for health pages. Thread-safe.</summary>
public sealed class ConsumerStatus
{
    private volatile string? _problem;
    private long _handled;
    private long _parked;

    /// <summary>Why messages do not arrive at the moment; null while all is well.</summary>
    public string? Problem
    {
        get => _problem;
        internal set => _problem = value;
    }

    /// <summary>Messages that had their effect since the start.</summary>
    public long Handled => Interlocked.Read(ref _handled);

    /// <summary>Messages that could not be decoded since the start.</summary>
    public long Parked => Interlocked.Read(ref _parked);

    internal void AddHandled(int count) => Interlocked.Add(ref _handled, count);

    internal void AddParked() => Interlocked.Increment(ref _parked);
}
