using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using ResilientShop.Resilience.Policies;

namespace ResilientShop.Resilience.Etcd;

/// <summary>Chaos experiments under way, a key each in etcd 3.4 or later. Nothing is asked of etcd before the first call. Thread-safe.</summary>
public sealed class EtcdExperimentStore : IExperimentStore
{
    /// <summary>Where the keys are by default.</summary>
    public const string DefaultPrefix = "/chaos";

    private readonly EtcdServiceKeys<RunningExperiment> _keys;

    /// <param name="options">Where etcd is, and as whom.</param>
    /// <param name="place">Where the keys are; below <see cref="DefaultPrefix"/> when null.</param>
    /// <param name="time">The clock; the system's when null.</param>
    /// <param name="logger">Told of keys that say nothing sensible; nobody when null.</param>
    /// <exception cref="PolicyInvalidException">The options are wrong.</exception>
    public EtcdExperimentStore(EtcdPolicyOptions options, EtcdFleetOptions? place = null, TimeProvider? time = null, ILogger<EtcdExperimentStore>? logger = null) =>
        _keys = new EtcdServiceKeys<RunningExperiment>(
            options, place ?? new EtcdFleetOptions { Prefix = DefaultPrefix }, ExperimentJson.Read, static _ => throw new UnreachableException("Experiments are only read."), time, logger ?? NullLogger<EtcdExperimentStore>.Instance);

    /// <inheritdoc/>
    public string Name => _keys.Name;

    /// <inheritdoc/>
    public IAsyncEnumerable<IReadOnlyDictionary<string, RunningExperiment>> WatchAsync(Action<PolicyStoreException?> problem, CancellationToken cancellationToken) =>
        _keys.WatchAsync(problem, cancellationToken);

    /// <summary>Ends the watches and closes the connections.</summary>
    public ValueTask DisposeAsync() => _keys.DisposeAsync();

    /// <inheritdoc/>
    public override string ToString() => Name;
}
