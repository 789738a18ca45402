using System.Collections.Concurrent;

namespace ResilientShop.Operations.Degradation;

/// <summary>What is known of the fleet's signals, and the last decisions by them. One writes, many read.</summary>
internal sealed class FleetRecord
{
    /// <summary>Before Prometheus was asked.</summary>
    public const string NotAsked = "Prometheus was not asked yet";

    private const int DecisionsKept = 50;

    private readonly ConcurrentQueue<FleetDecision> _decisions = new();
    private volatile IReadOnlyDictionary<string, FleetReading> _readings = new Dictionary<string, FleetReading>();
    private volatile string? _problem = NotAsked;
    private volatile Uri? _source;

    /// <summary>Where the signals are from; null when nobody asks.</summary>
    public Uri? Source
    {
        get => _source;
        set => _source = value;
    }

    /// <summary>Why nothing is known of any service; null while all is well.</summary>
    public string? Problem
    {
        get => _problem;
        set => _problem = value;
    }

    /// <summary>The last decisions, the newest first, at most 50.</summary>
    public IReadOnlyList<FleetDecision> Decisions => [.. _decisions.Reverse()];

    /// <summary>What is known of a service; null when nobody asks.</summary>
    public FleetReading? Of(string service) => _readings.GetValueOrDefault(service);

    public void Take(IReadOnlyDictionary<string, FleetReading> readings) => _readings = readings;

    public void Add(FleetDecision decision)
    {
        _decisions.Enqueue(decision);
        if (_decisions.Count > DecisionsKept)
        {
            _decisions.TryDequeue(out _);
        }
    }
}
