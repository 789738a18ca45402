namespace ResilientShop.Resilience;

/// <summary>What the requests of one endpoint tell of its service. Made by <see cref="ServiceDegradation.Endpoint"/>. Thread-safe.</summary>
public sealed class EndpointSignals
{
    private volatile SignalWindow _window;
    private long _before;

    internal EndpointSignals(string name, SignalWindow window) => (Name, _window) = (name, window);

    /// <summary>Name of the endpoint.</summary>
    public string Name { get; }

    internal SignalWindow Window => _window;

    /// <summary>All requests that were ever counted.</summary>
    internal long Total => Volatile.Read(ref _before) + _window.Total;

    /// <summary>Starts again with another window; the old one's requests stay in <see cref="Total"/>.</summary>
    internal void Renew(SignalWindow window)
    {
        Interlocked.Add(ref _before, _window.Total);
        _window = window;
    }
}
