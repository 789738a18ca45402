using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using ResilientShop.Resilience.Policies;

namespace ResilientShop.Resilience.Etcd;

/// <summary>
/// Releases in etcd 3.4 or later, a key a service. An analysis is under the lease of the process that leads it and gone soon after it; how a release ended is not. Nothing is
/// asked of etcd before the first call. Thread-safe.
/// </summary>
public sealed class EtcdReleaseStore : IReleaseStore
{
    /// <summary>Default of the prefix.</summary>
    public const string DefaultPrefix = "/release";

    private readonly EtcdServiceKeys<FleetRelease> _keys;

    /// <param name="options">Where etcd is, and as whom.</param>
    /// <param name="place">Where the keys are, and how long an analysis outlives its process.</param>
    /// <param name="time">The clock; the system's when null.</param>
    /// <param name="logger">Told of keys that say nothing sensible; nobody when null.</param>
    /// <exception cref="PolicyInvalidException">The options are wrong.</exception>
    public EtcdReleaseStore(EtcdPolicyOptions options, EtcdFleetOptions? place = null, TimeProvider? time = null, ILogger<EtcdReleaseStore>? logger = null) =>
        _keys = new EtcdServiceKeys<FleetRelease>(
            options, place ?? new EtcdFleetOptions { Prefix = DefaultPrefix }, ReleaseJson.Read, ReleaseJson.Write, time, logger ?? NullLogger<EtcdReleaseStore>.Instance);

    /// <inheritdoc/>
    public string Name => _keys.Name;

    /// <inheritdoc/>
    public TimeSpan Lease => _keys.Lease;

    /// <inheritdoc/>
    public IAsyncEnumerable<IReadOnlyDictionary<string, FleetRelease>> WatchAsync(Action<PolicyStoreException?> problem, CancellationToken cancellationToken) =>
        _keys.WatchAsync(problem, cancellationToken);

    /// <inheritdoc/>
    public Task<bool> AnalyseAsync(string service, FleetRelease release, CancellationToken cancellationToken) => _keys.LeadAsync(service, release, cancellationToken);

    /// <inheritdoc/>
    public async Task SettleAsync(string service, FleetRelease release, CancellationToken cancellationToken)
    {
        await _keys.PutAsync(service, release, cancellationToken).ConfigureAwait(false);

        // The key is under no lease any more: giving up ours does not take it away.
        await _keys.WithdrawAsync(service, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task ForgetAsync(string service, CancellationToken cancellationToken)
    {
        await _keys.WithdrawAsync(service, cancellationToken).ConfigureAwait(false);
        await _keys.DeleteAsync(service, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Ends the watches, takes back what this process analyses (trying for at most 2 s) and closes the connections.</summary>
    public ValueTask DisposeAsync() => _keys.DisposeAsync();

    /// <inheritdoc/>
    public override string ToString() => Name;
}
