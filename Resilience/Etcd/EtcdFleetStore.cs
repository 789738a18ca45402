using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using ResilientShop.Resilience.Policies;

namespace ResilientShop.Resilience.Etcd;

/// <summary>
/// Services' degradation in etcd 3.4 or later, a key a service. What an instance says is under its lease and gone soon after it; what an operator says is not. Nothing is
/// asked of etcd before the first call. Thread-safe.
/// </summary>
public sealed class EtcdFleetStore : IFleetStore
{
    private readonly EtcdServiceKeys<FleetDegradation> _keys;

    /// <param name="options">Where etcd is, and as whom.</param>
    /// <param name="fleet">Where the keys are.</param>
    /// <param name="time">The clock; the system's when null.</param>
    /// <param name="logger">Told of keys that say nothing sensible; nobody when null.</param>
    /// <exception cref="PolicyInvalidException">The options are wrong.</exception>
    public EtcdFleetStore(EtcdPolicyOptions options, EtcdFleetOptions? fleet = null, TimeProvider? time = null, ILogger<EtcdFleetStore>? logger = null) =>
        _keys = new EtcdServiceKeys<FleetDegradation>(options, fleet ?? new EtcdFleetOptions(), FleetJson.Read, FleetJson.Write, time, logger ?? NullLogger<EtcdFleetStore>.Instance);

    /// <inheritdoc/>
    public string Name => _keys.Name;

    /// <inheritdoc/>
    public TimeSpan Lease => _keys.Lease;

    /// <inheritdoc/>
    public IAsyncEnumerable<IReadOnlyDictionary<string, FleetDegradation>> WatchAsync(Action<PolicyStoreException?> problem, CancellationToken cancellationToken) =>
        _keys.WatchAsync(problem, cancellationToken);

    /// <inheritdoc/>
    public Task<bool> LeadAsync(string service, FleetDegradation said, CancellationToken cancellationToken) => _keys.LeadAsync(service, said, cancellationToken);

    /// <inheritdoc/>
    public Task WithdrawAsync(string service, CancellationToken cancellationToken) => _keys.WithdrawAsync(service, cancellationToken);

    /// <inheritdoc/>
    public Task ForceAsync(string service, FleetDegradation said, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(said);
        return _keys.PutAsync(service, said with { IsForced = true }, cancellationToken);
    }

    /// <inheritdoc/>
    public Task ReleaseAsync(string service, CancellationToken cancellationToken) => _keys.DeleteAsync(service, cancellationToken);

    /// <summary>Ends the watches, takes back what this process says (trying for at most 2 s) and closes the connections.</summary>
    public ValueTask DisposeAsync() => _keys.DisposeAsync();

    /// <inheritdoc/>
    public override string ToString() => Name;
}
