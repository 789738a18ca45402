namespace ResilientShop.Resilience.Durable.Messaging;

/// <summary>How a consumer is doing, for health pages. Thread-safe.</summary>
public sealed class ConsumerStatus
{
    private volatile string? _problem;
    private volatile bool _waits;
    private long _handled;
    private long _parked;
    private long _deadLettered;

    /// <summary>Why messages do not arrive at the moment; null while all is well.</summary>
    public string? Problem
    {
        get => _problem;
        internal set => _problem = value;
    }

    /// <summary>
    /// Whether messages wait until the other group of a canary's release (<see cref="ConsumerSplits"/>) has handled earlier ones of their keys. When
    /// the canary is gone they wait until it is back, or rolled back.
    /// </summary>
    public bool Waits
    {
        get => _waits;
        internal set => _waits = value;
    }

    /// <summary>Messages that had their effect since the start.</summary>
    public long Handled => Interlocked.Read(ref _handled);

    /// <summary>Messages that could not be decoded since the start. They are in the dead letters.</summary>
    public long Parked => Interlocked.Read(ref _parked);

    /// <summary>Messages that went to the dead letters since the start: those of <see cref="Parked"/>, and those that could not be handled.</summary>
    public long DeadLettered => Interlocked.Read(ref _deadLettered);

    internal void AddHandled(int count) => Interlocked.Add(ref _handled, count);

    internal void AddParked()
    {
        Interlocked.Increment(ref _parked);
        AddDeadLettered();
    }

    internal void AddDeadLettered() => Interlocked.Increment(ref _deadLettered);
}
