using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Etcdserverpb;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using ResilientShop.Resilience.Policies;

namespace ResilientShop.Resilience.Etcd;

/// <summary>
/// Releases in etcd 3.4 or later, a key a service. An analysis is under the lease of the process that leads it and gone soon after it; how a release ended is not. Nothing is
/// asked of etcd before the first call. Thread-safe.
/// </summary>
public sealed partial class EtcdReleaseStore : IReleaseStore
{
    /// <summary>Default of the prefix.</summary>
    public const string DefaultPrefix = "/release";

    private readonly EtcdConnection _connection;
    private readonly EtcdRange _range;
    private readonly EtcdFleetLead _lead;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _disposing = new();

    /// <param name="options">Where etcd is, and as whom.</param>
    /// <param name="place">Where the keys are, and how long an analysis outlives its process.</param>
    /// <param name="time">The clock; the system's when null.</param>
    /// <param name="logger">Told of keys that say nothing sensible; nobody when null.</param>
    /// <exception cref="PolicyInvalidException">The options are wrong.</exception>
    public EtcdReleaseStore(EtcdPolicyOptions options, EtcdFleetOptions? place = null, TimeProvider? time = null, ILogger<EtcdReleaseStore>? logger = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        place ??= new EtcdFleetOptions { Prefix = DefaultPrefix };
        place.Validate();
        (Name, Lease) = ((options with { Prefix = place.Prefix }).ToString(), place.Lease);
        _time = time ?? TimeProvider.System;
        _logger = logger ?? NullLogger<EtcdReleaseStore>.Instance;
        _range = new EtcdRange($"{place.Prefix}/");
        _connection = new EtcdConnection(options, Name);
        _lead = new EtcdFleetLead(_connection, _range, place.Lease, _time, _logger);
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public TimeSpan Lease { get; }

    /// <inheritdoc/>
    public async IAsyncEnumerable<IReadOnlyDictionary<string, FleetRelease>> WatchAsync(
        Action<PolicyStoreException?> problem, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(problem);
        ObjectDisposedException.ThrowIf(_disposing.IsCancellationRequested, this);
        var states = Channel.CreateBounded<IReadOnlyDictionary<string, FleetRelease>>(
            new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true, SingleWriter = true });
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _disposing.Token);
        var watch = new EtcdKeysWatch<FleetRelease>(_connection, _range, _time, ReleaseJson.Read, states.Writer, (key, wrong) => LogIgnored(_logger, key, wrong), problem);
        var watching = watch.RunToEndAsync(ending.Token);
        try
        {
            await foreach (var state in states.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
            {
                yield return state;
            }
        }
        finally
        {
            await ending.CancelAsync().ConfigureAwait(false);
            await watching.ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public Task<bool> AnalyseAsync(string service, FleetRelease release, CancellationToken cancellationToken)
    {
        Check(service);
        ArgumentNullException.ThrowIfNull(release);
        return _lead.LeadAsync(service, ReleaseJson.Write(release), cancellationToken);
    }

    /// <inheritdoc/>
    public async Task SettleAsync(string service, FleetRelease release, CancellationToken cancellationToken)
    {
        Check(service);
        ArgumentNullException.ThrowIfNull(release);
        var put = new PutRequest { Key = _range.Key(service), Value = ReleaseJson.Write(release) };
        await _connection.CallAsync(
            $"writing {_range.Prefix}{service}", (invoker, options) => new KV.KVClient(invoker).PutAsync(put, options).ResponseAsync, cancellationToken).ConfigureAwait(false);

        // The key is under no lease any more: giving up ours does not take it away.
        await _lead.WithdrawAsync(service, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task ForgetAsync(string service, CancellationToken cancellationToken)
    {
        Check(service);
        await _lead.WithdrawAsync(service, cancellationToken).ConfigureAwait(false);
        var deletion = new DeleteRangeRequest { Key = _range.Key(service) };
        await _connection.CallAsync(
            $"deleting {_range.Prefix}{service}", (invoker, options) => new KV.KVClient(invoker).DeleteRangeAsync(deletion, options).ResponseAsync, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Ends the watches, takes back what this process analyses (trying for at most 2 s) and closes the connections.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_disposing.IsCancellationRequested)
        {
            await _disposing.CancelAsync().ConfigureAwait(false);
            await _lead.DisposeAsync().ConfigureAwait(false);
            _connection.Dispose();
        }
    }

    /// <inheritdoc/>
    public override string ToString() => Name;

    private static void Check(string service)
    {
        ArgumentNullException.ThrowIfNull(service);
        if (!PolicyScope.IsName(service))
        {
            throw new ArgumentException($"'{service}' is no name of a service; it must have 1 to 64 letters, digits, '-' and '_'.", nameof(service));
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Key} was ignored: {Wrong}")]
    private static partial void LogIgnored(ILogger logger, string key, string wrong);
}
