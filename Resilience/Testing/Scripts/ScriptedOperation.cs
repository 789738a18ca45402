namespace ResilientShop.Resilience.Testing;

/// <summary>
/// An operation that does as its script says and records every attempt: for whatever takes a function, such as a retry pipeline or the continuation
/// of a
/// gRPC interceptor. Pass <see cref="InvokeAsync"/> to it. Thread-safe.
/// </summary>
/// <remarks>
/// A result acts; an exception or a hang does not, unless <see cref="Acts"/> or <see cref="LoseReply"/> says so. Acting happens when the time of
/// <see cref="After"/> has passed.
/// </remarks>
/// <typeparam name="T">What the operation returns.</typeparam>
public sealed class ScriptedOperation<T> : IScripted
{
    private readonly Script<Func<T>> _script;

    /// <summary>An operation with an empty script.</summary>
    /// <param name="otherwise">What it returns after the last entry, unless <see cref="Forever"/> or <see cref="AndNoMore"/> says otherwise.</param>
    /// <param name="time">The clock of durations and of the record; the system's when null.</param>
    public ScriptedOperation(T otherwise, TimeProvider? time = null) =>
        _script = new(time ?? TimeProvider.System, EntryOf(otherwise));

    /// <inheritdoc/>
    public IReadOnlyList<RecordedAttempt> Attempts => _script.Attempts;

    /// <inheritdoc/>
    public int Effects => _script.Effects;

    /// <summary>Makes one attempt.</summary>
    /// <param name="cancellationToken">Ends the attempt.</param>
    public async Task<T> InvokeAsync(CancellationToken cancellationToken = default)
    {
        var reply = await _script.PlayAsync(request: null, readBody: null, cancellationToken).ConfigureAwait(false);
        return reply();
    }

    /// <summary>The next attempt returns a value.</summary>
    public ScriptedOperation<T> Return(T value) => Add(EntryOf(value));

    /// <summary>The next attempt throws; always the same instance when the entry is met more than once.</summary>
    public ScriptedOperation<T> Throw(Exception error)
    {
        ArgumentNullException.ThrowIfNull(error);
        return Add(new(Timeline.Describe(error)) { Error = () => error });
    }

    /// <summary>The next attempt does not return until the caller gives up.</summary>
    public ScriptedOperation<T> Hang() => Add(new("hangs") { Hangs = true });

    /// <summary>The last entry takes so long on the clock before it returns, throws or hangs. A fraction of a millisecond is dropped.</summary>
    public ScriptedOperation<T> After(TimeSpan duration)
    {
        _script.After(duration);
        return this;
    }

    /// <summary>The last entry goes on to another thread before it returns or throws.</summary>
    public ScriptedOperation<T> Yields()
    {
        _script.Yields();
        return this;
    }

    /// <summary>The last entry is for so many attempts in a row; at least 1.</summary>
    public ScriptedOperation<T> Times(int times)
    {
        _script.Times(times);
        return this;
    }

    /// <summary>The last entry is carried out, but the caller does not learn it: it gets an exception instead.</summary>
    /// <param name="error">The exception; by default the one of the entry, or else an <see cref="IOException"/>.</param>
    public ScriptedOperation<T> LoseReply(Exception? error = null)
    {
        _script.LoseReply(() => error ?? new IOException("The reply was lost."));
        return this;
    }

    /// <summary>The last entry is carried out, though it would not be by itself.</summary>
    public ScriptedOperation<T> Acts()
    {
        _script.Acts();
        return this;
    }

    /// <summary>The last entry is not carried out, though it would be by itself.</summary>
    public ScriptedOperation<T> DoesNotAct()
    {
        _script.DoesNotAct();
        return this;
    }

    /// <summary>All further attempts meet the last entry.</summary>
    public ScriptedOperation<T> Forever()
    {
        _script.RepeatLastForever();
        return this;
    }

    /// <summary>A further attempt fails the test: its caller gets a <see cref="ResilienceAssertionException"/>.</summary>
    public ScriptedOperation<T> AndNoMore()
    {
        _script.End();
        return this;
    }

    private static ScriptEntry<Func<T>> EntryOf(T value) => new($"returns {value}") { Reply = () => value, Acts = true };

    private ScriptedOperation<T> Add(ScriptEntry<Func<T>> entry)
    {
        _script.Add(entry);
        return this;
    }
}
