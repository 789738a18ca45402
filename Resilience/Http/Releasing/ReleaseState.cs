namespace ResilientShop.Resilience.Http;

/// <summary>The releases of all services, as this instance heard of them last. Thread-safe.</summary>
public sealed class ReleaseState
{
    private volatile IReadOnlyDictionary<string, FleetRelease> _current = new Dictionary<string, FleetRelease>();
    private volatile string? _problem = "The store has not answered yet.";

    /// <summary>Releases, by service; a service that is not in it releases nothing.</summary>
    public IReadOnlyDictionary<string, FleetRelease> Current
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
