using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Etcdserverpb;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using ResilientShop.Resilience.Policies;

namespace ResilientShop.Resilience.Etcd;

/// <summary>
/// Services' degradation in etcd 3.4 or later, a key a service. What an instance says is under its lease and gone soon after it; what an operator says is not. Nothing is
/// asked of etcd before the first call. Thread-safe.
/// </summary>
public sealed partial class EtcdFleetStore : IFleetStore
{
    private readonly EtcdConnection _connection;
    private readonly EtcdRange _range;
    private readonly EtcdFleetLead _lead;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _disposing = new();

    /// <param name="options">Where etcd is, and as whom.</param>
    /// <param name="fleet">Where the keys are.</param>
    /// <param name="time">The clock; the system's when null.</param>
    /// <param name="logger">Told of keys that say nothing sensible; nobody when null.</param>
    /// <exception cref="PolicyInvalidException">The options are wrong.</exception>
    public EtcdFleetStore(EtcdPolicyOptions options, EtcdFleetOptions? fleet = null, TimeProvider? time = null, ILogger<EtcdFleetStore>? logger = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        fleet ??= new EtcdFleetOptions();
        fleet.Validate();
        Lease = fleet.Lease;
        Name = (options with { Prefix = fleet.Prefix }).ToString();
        _time = time ?? TimeProvider.System;
        _logger = logger ?? NullLogger<EtcdFleetStore>.Instance;
        _range = new EtcdRange($"{fleet.Prefix}/");
        _connection = new EtcdConnection(options, Name);
        _lead = new EtcdFleetLead(_connection, _range, fleet.Lease, _time, _logger);
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public TimeSpan Lease { get; }

    /// <inheritdoc/>
    public async IAsyncEnumerable<IReadOnlyDictionary<string, FleetDegradation>> WatchAsync(
        Action<PolicyStoreException?> problem, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(problem);
        ObjectDisposedException.ThrowIf(_disposing.IsCancellationRequested, this);
        var states = Channel.CreateBounded<IReadOnlyDictionary<string, FleetDegradation>>(
            new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true, SingleWriter = true });
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _disposing.Token);
        var watching = RunAsync(new EtcdFleetWatch(_connection, _range, _time, states.Writer, (key, wrong) => LogIgnored(_logger, key, wrong), problem), states.Writer, ending.Token);
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
    public Task<bool> LeadAsync(string service, FleetDegradation said, CancellationToken cancellationToken)
    {
        Check(service);
        ArgumentNullException.ThrowIfNull(said);
        return _lead.LeadAsync(service, FleetJson.Write(said), cancellationToken);
    }

    /// <inheritdoc/>
    public Task WithdrawAsync(string service, CancellationToken cancellationToken)
    {
        Check(service);
        return _lead.WithdrawAsync(service, cancellationToken);
    }

    /// <inheritdoc/>
    public Task ForceAsync(string service, FleetDegradation said, CancellationToken cancellationToken)
    {
        Check(service);
        ArgumentNullException.ThrowIfNull(said);
        var put = new PutRequest { Key = _range.Key(service), Value = FleetJson.Write(said with { IsForced = true }) };
        return _connection.CallAsync(
            $"writing {_range.Prefix}{service}", (invoker, options) => new KV.KVClient(invoker).PutAsync(put, options).ResponseAsync, cancellationToken);
    }

    /// <inheritdoc/>
    public Task ReleaseAsync(string service, CancellationToken cancellationToken)
    {
        Check(service);
        var deletion = new DeleteRangeRequest { Key = _range.Key(service) };
        return _connection.CallAsync(
            $"deleting {_range.Prefix}{service}", (invoker, options) => new KV.KVClient(invoker).DeleteRangeAsync(deletion, options).ResponseAsync, cancellationToken);
    }

    /// <summary>Ends the watches, takes back what this process says (trying for at most 2 s) and closes the connections.</summary>
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

    private static async Task RunAsync(EtcdFleetWatch watch, ChannelWriter<IReadOnlyDictionary<string, FleetDegradation>> states, CancellationToken cancellationToken)
    {
        Exception? fault = null;
        try
        {
            await watch.RunAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            // When it is not the end of the enumeration or of the store, it is a fault of ours or of the callback, and for the consumer to see.
            fault = cancellationToken.IsCancellationRequested ? null : exception;
        }

        states.TryComplete(fault);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Key} was ignored: {Wrong}")]
    private static partial void LogIgnored(ILogger logger, string key, string wrong);
}
