namespace ResilientShop.Resilience;

/// <summary>
/// A position that many threads read and any of them may move. Reading takes no lock and allocates nothing; of all who want to move from the same position
/// exactly one does. Positions are immutable and told apart by reference, so that one that was left and taken again is another. Thread-safe.
/// </summary>
/// <typeparam name="TPosition">An immutable position.</typeparam>
public sealed class AtomicSwitch<TPosition>
    where TPosition : class
{
    private TPosition _position;

    /// <summary>Starts at <paramref name="position"/>.</summary>
    public AtomicSwitch(TPosition position)
    {
        ArgumentNullException.ThrowIfNull(position);
        _position = position;
    }

    /// <summary>The position now.</summary>
    public TPosition Current => Volatile.Read(ref _position);

    /// <summary>Moves, unless somebody has moved meanwhile.</summary>
    /// <param name="from">The position the move was decided on.</param>
    /// <param name="to">The new position.</param>
    /// <returns>Whether this call moved it.</returns>
    public bool TryMove(TPosition from, TPosition to)
    {
        ArgumentNullException.ThrowIfNull(to);
        return ReferenceEquals(Interlocked.CompareExchange(ref _position, to, from), from);
    }
}
