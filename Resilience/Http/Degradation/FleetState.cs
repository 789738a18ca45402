namespace ResilientShop.Resilience.Http;

/// <summary>Where all services stand, as this instance heard it last. Thread-safe.</summary>
public sealed class FleetState
{
    private volatile IReadOnlyDictionary<string, FleetDegradation> _current = new Dictionary<string, FleetDegradation>();
    private volatile string? _problem = "The store has not answered yet.";

    /// <summary>Where services stand, by name; who is not in it is normal. When the store was away for long, only what operators said.</summary>
    public IReadOnlyDictionary<string, FleetDegradation> Current
    {
        get => _current;
        internal set => _current = value;
    }

    /// <summary>Why it may be out of date; null while all is well.</summary>
    public string? Problem
    {
        get => _problem;
        internal set => _problem = value;
    }
}
