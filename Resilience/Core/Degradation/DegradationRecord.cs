using System.Collections.Concurrent;

namespace ResilientShop.Resilience;

/// <summary>
/// The changes of one service: keeps the last of them and tells each once, in the order in which they took effect, whichever threads made them. Each new position holds the
/// change that led to it until it is told, and with it the way back to the last one that was. Thread-safe.
/// </summary>
/// <param name="onChange">Told of each change.</param>
internal sealed class DegradationRecord(Action<DegradationChange>? onChange)
{
    private const int Kept = 50;

    private readonly ConcurrentQueue<DegradationChange> _changes = new();
    private readonly Lock _telling = new();

    /// <summary>The last changes, oldest first, at most 50.</summary>
    public IReadOnlyList<DegradationChange> Changes => [.. _changes];

    /// <summary>
    /// Tells every change up to <paramref name="current"/> that nobody has told yet. Whoever has moved must call it: when it returns, that move has been told, by this call or
    /// by another's.
    /// </summary>
    public void TellUpTo(DegradationPosition current)
    {
        lock (_telling)
        {
            var untold = new Stack<DegradationChange>();
            for (var change = current.Untold; change is not null; change = change.From.Untold)
            {
                untold.Push(change);
            }

            while (untold.TryPop(out var change))
            {
                // A listener that makes a change itself has told what came before it.
                if (change.To.Untold is not null)
                {
                    change.To.Untold = null;
                    Tell(change);
                }
            }
        }
    }

    /// <summary>Tells what somebody decided, and what requests notice.</summary>
    private void Tell(DegradationChange change)
    {
        var (from, to) = (change.From, change.To);
        if (change.Decision is null && from.State == to.State && (from.Level, from.NormalShare) == (to.Level, to.NormalShare))
        {
            return;
        }

        _changes.Enqueue(change);
        if (_changes.Count > Kept)
        {
            _changes.TryDequeue(out _);
        }

        onChange?.Invoke(change);
    }
}
