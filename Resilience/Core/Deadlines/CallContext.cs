using ResilientShop.Resilience.Policies;

namespace ResilientShop.Resilience;

/// <summary>
/// What a request that is being served means for the calls made on its behalf: until when, for which release, and whether whoever sent it is
/// itself retrying. It flows with the execution context, so nobody has to hand it down; <see cref="Use"/> sets it, for servers usually from
/// the request's headers. Immutable; reading it takes no lock and allocates nothing.
/// </summary>
public sealed record CallContext
{
    private static readonly AsyncLocal<CallContext?> Ambient = new();

    /// <summary>Outside any request: no deadline, stable, nobody retries.</summary>
    public static readonly CallContext None = new();

    /// <summary>The context of the request being served, or <see cref="None"/>.</summary>
    public static CallContext Current => Ambient.Value ?? None;

    /// <summary>The moment after which nobody waits for this request any more.</summary>
    public Deadline Deadline { get; init; }

    /// <summary>Number of the attempt that carried this request; above 0 the caller is retrying, and calls made for it must not multiply that.</summary>
    public int CallerAttempt { get; init; }

    /// <summary>
    /// Whether the call goes to one of several instances and whoever makes it asks the next one if no connection comes about. That failure is then one instance's
    /// and says nothing about the dependency: its breaker does not count it.
    /// </summary>
    public bool HasAlternative { get; init; }

    /// <summary>The release that serves this request.</summary>
    public ReleaseChannel Channel { get; init; }

    /// <summary>The policies that hold for all calls of this request, whatever changes meanwhile; null for those in force at each call.</summary>
    public PolicySnapshot? Policies { get; init; }

    /// <summary>The route that this request came by, where its policy has something to say of calls; else null.</summary>
    public string? Route { get; init; }

    /// <summary>Makes <paramref name="context"/> current until the result is disposed, which must happen in the same method.</summary>
    public static Scope Use(CallContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var previous = Ambient.Value;
        Ambient.Value = context;
        return new Scope(previous);
    }

    /// <summary>The current context with another deadline, until the result is disposed. The earlier of the two deadlines rules.</summary>
    public static Scope UseDeadline(Deadline deadline)
    {
        var current = Current;
        return Use(current with { Deadline = Deadline.Earlier(current.Deadline, deadline) });
    }

    /// <summary>Puts the context back that was current before.</summary>
    public readonly struct Scope : IDisposable
    {
        private readonly CallContext? _previous;

        internal Scope(CallContext? previous) => _previous = previous;

        /// <inheritdoc/>
        public void Dispose() => Ambient.Value = _previous;
    }
}
