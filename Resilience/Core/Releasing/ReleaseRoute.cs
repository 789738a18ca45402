namespace ResilientShop.Resilience;

/// <summary>Which release of a dependency serves a call: by the call's channel, and by how far the release has come. Reading it takes no lock and allocates nothing. Thread-safe.</summary>
public sealed class ReleaseRoute
{
    private static readonly Position None = new(null);

    private readonly AtomicSwitch<Position> _position = new(None);
    private volatile bool _hasCanary;

    /// <summary>Whether there is a canary at all; without one the stable release serves everything.</summary>
    public bool HasCanary
    {
        get => _hasCanary;
        internal set => _hasCanary = value;
    }

    /// <summary>What is said of the release; null when nobody is releasing anything.</summary>
    public FleetRelease? Current => _position.Current.Said;

    /// <summary>The release that serves a call of a channel.</summary>
    public ReleaseChannel Of(ReleaseChannel asked) => _hasCanary ? FleetRelease.Serves(Current, asked) : ReleaseChannel.Stable;

    /// <summary>Takes what is said of the release. What is under way is not touched.</summary>
    internal void Follow(FleetRelease? said)
    {
        while (_position.Current is var from && from.Said != said && !_position.TryMove(from, new Position(said)))
        {
            // Somebody else has moved it meanwhile; what is said last counts.
        }
    }

    private sealed record Position(FleetRelease? Said);
}
