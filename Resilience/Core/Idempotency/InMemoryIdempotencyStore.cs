namespace ResilientShop.Resilience;

/// <summary>
/// Keeps answers in this process, for tests and for services that run as one instance and may forget when they restart. Thread-safe; no call waits.
/// </summary>
/// <remarks>
/// When more than the capacity is kept, the answers of the oldest claims are forgotten, so retention is the shorter of its time and what fits.
/// A claim that is under way is never forgotten.
/// </remarks>
public sealed class InMemoryIdempotencyStore : IIdempotencyStore
{
    /// <summary>Default capacity, in keys.</summary>
    public const int DefaultCapacity = 100_000;

    /// <summary>Default retention: a day, which outlasts any retry of a client that is still the same attempt at the same thing.</summary>
    public static readonly TimeSpan DefaultRetention = TimeSpan.FromDays(1);

    private readonly Lock _gate = new();
    private readonly Dictionary<Sha256Digest, LinkedListNode<Entry>> _entries = [];
    private readonly LinkedList<Entry> _byAge = new();
    private readonly TimeProvider _time;
    private readonly TimeSpan _retention;
    private readonly int _capacity;
    private long _lastToken;

    /// <summary>An empty store with the default capacity and retention.</summary>
    public InMemoryIdempotencyStore(TimeProvider time)
        : this(time, DefaultRetention, DefaultCapacity)
    {
    }

    /// <summary>An empty store.</summary>
    /// <param name="time">Clock of leases and retention.</param>
    /// <param name="retention">How long a key is remembered after it was claimed; positive.</param>
    /// <param name="capacity">Most keys to remember; at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">The retention or the capacity is not positive.</exception>
    public InMemoryIdempotencyStore(TimeProvider time, TimeSpan retention, int capacity)
    {
        ArgumentNullException.ThrowIfNull(time);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(retention, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        (_time, _retention, _capacity) = (time, retention, capacity);
    }

    /// <summary>How many keys are remembered.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _entries.Count;
            }
        }
    }

    /// <inheritdoc/>
    public Task<IdempotencyDecision> BeginAsync(Sha256Digest id, Sha256Digest requestHash, TimeSpan lease, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(lease, TimeSpan.Zero);
        cancellationToken.ThrowIfCancellationRequested();
        lock (_gate)
        {
            ForgetOld();
            return Task.FromResult(Begin(id, requestHash, lease));
        }
    }

    /// <inheritdoc/>
    public Task<bool> CompleteAsync(IdempotencyClaim claim, StoredAnswer answer, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(answer);
        lock (_gate)
        {
            if (Find(claim) is not { } entry)
            {
                return Task.FromResult(false);
            }

            entry.Answer ??= answer;
            return Task.FromResult(entry.Answer.Equals(answer));
        }
    }

    /// <inheritdoc/>
    public Task AbandonAsync(IdempotencyClaim claim, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (Find(claim) is { Answer: null })
            {
                Remove(_entries[claim.Id]);
            }
        }

        return Task.CompletedTask;
    }

    private IdempotencyDecision Begin(Sha256Digest id, Sha256Digest requestHash, TimeSpan lease)
    {
        if (!_entries.TryGetValue(id, out var node) || IsOver(node.Value))
        {
            return Claim(node, id, requestHash, lease, tookOver: false);
        }

        return node.Value switch
        {
            var entry when entry.RequestHash != requestHash => new IdempotencyDecision.Mismatch(),
            { Answer: { } answer } => new IdempotencyDecision.Completed(answer),
            { LeaseLeft: { Ticks: > 0 } left } => new IdempotencyDecision.InProgress(left),
            _ => Claim(node, id, requestHash, lease, tookOver: true),
        };
    }

    private IdempotencyDecision.Started Claim(LinkedListNode<Entry>? earlier, Sha256Digest id, Sha256Digest requestHash, TimeSpan lease, bool tookOver)
    {
        if (earlier is not null)
        {
            Remove(earlier);
        }

        MakeRoom();
        var claim = new IdempotencyClaim(id, ++_lastToken);
        _entries[id] = _byAge.AddLast(new Entry(claim, requestHash, _time.GetTimestamp(), Deadline.After(lease, _time)));
        return new IdempotencyDecision.Started(claim, tookOver);
    }

    private Entry? Find(IdempotencyClaim claim) =>
        _entries.TryGetValue(claim.Id, out var node) && node.Value.Claim == claim ? node.Value : null;

    private void ForgetOld()
    {
        while (_byAge.First is { } oldest && IsOver(oldest.Value))
        {
            Remove(oldest);
        }
    }

    private void MakeRoom()
    {
        for (var node = _byAge.First; node is not null && _entries.Count >= _capacity;)
        {
            var next = node.Next;
            if (node.Value.Answer is not null)
            {
                Remove(node);
            }

            node = next;
        }
    }

    private void Remove(LinkedListNode<Entry> node)
    {
        _byAge.Remove(node);
        _entries.Remove(node.Value.Claim.Id);
    }

    private bool IsOver(Entry entry) =>
        _time.GetElapsedTime(entry.ClaimedAt) >= _retention && (entry.Answer is not null || entry.LeaseLeft == TimeSpan.Zero);

    private sealed class Entry(IdempotencyClaim claim, Sha256Digest requestHash, long claimedAt, Deadline lease)
    {
        public IdempotencyClaim Claim { get; } = claim;

        public Sha256Digest RequestHash { get; } = requestHash;

        public long ClaimedAt { get; } = claimedAt;

        public TimeSpan LeaseLeft => lease.Remaining;

        public StoredAnswer? Answer { get; set; }
    }
}
