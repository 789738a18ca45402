using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Etcdserverpb;
using Google.Protobuf;
using Microsoft.Extensions.Logging;
using ResilientShop.Resilience.Policies;

namespace ResilientShop.Resilience.Etcd;

/// <summary>
/// A key a service under a prefix, of which each says something by itself. What a process leads is under its lease and gone soon after it; what is put is not. Nothing is asked
/// of etcd before the first call. Thread-safe.
/// </summary>
/// <typeparam name="TValue">What a key says.</typeparam>
internal sealed partial class EtcdServiceKeys<TValue> : IAsyncDisposable
    where TValue : class
{
    private readonly EtcdConnection _connection;
    private readonly EtcdRange _range;
    private readonly EtcdFleetLead _lead;
    private readonly EtcdValueReader<TValue> _read;
    private readonly Func<TValue, ByteString> _write;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _disposing = new();

    /// <exception cref="PolicyInvalidException">The options are wrong.</exception>
    public EtcdServiceKeys(EtcdPolicyOptions options, EtcdFleetOptions place, EtcdValueReader<TValue> read, Func<TValue, ByteString> write, TimeProvider? time, ILogger logger)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        place.Validate();
        (Name, Lease) = ((options with { Prefix = place.Prefix }).ToString(), place.Lease);
        (_read, _write, _time, _logger) = (read, write, time ?? TimeProvider.System, logger);
        _range = new EtcdRange($"{place.Prefix}/");
        _connection = new EtcdConnection(options, Name);
        _lead = new EtcdFleetLead(_connection, _range, place.Lease, _time, _logger);
    }

    /// <summary>What and where it is, without secrets.</summary>
    public string Name { get; }

    /// <summary>How long what a process leads outlives it.</summary>
    public TimeSpan Lease { get; }

    /// <summary>All that is said, by service, and again after each change.</summary>
    public async IAsyncEnumerable<IReadOnlyDictionary<string, TValue>> WatchAsync(Action<PolicyStoreException?> problem, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(problem);
        ObjectDisposedException.ThrowIf(_disposing.IsCancellationRequested, this);
        var states = Channel.CreateBounded<IReadOnlyDictionary<string, TValue>>(
            new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true, SingleWriter = true });
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _disposing.Token);
        var watching = new EtcdKeysWatch<TValue>(_connection, _range, _time, _read, states.Writer, (key, wrong) => LogIgnored(_logger, key, wrong), problem).RunToEndAsync(ending.Token);
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

    /// <summary>Says it under the lease, unless somebody else says something.</summary>
    public Task<bool> LeadAsync(string service, TValue value, CancellationToken cancellationToken)
    {
        Check(service);
        ArgumentNullException.ThrowIfNull(value);
        return _lead.LeadAsync(service, _write(value), cancellationToken);
    }

    /// <summary>Takes back what was led; nothing when somebody else leads or the key was put since.</summary>
    public Task WithdrawAsync(string service, CancellationToken cancellationToken)
    {
        Check(service);
        return _lead.WithdrawAsync(service, cancellationToken);
    }

    /// <summary>Says it for good, whoever leads.</summary>
    public Task PutAsync(string service, TValue value, CancellationToken cancellationToken)
    {
        Check(service);
        ArgumentNullException.ThrowIfNull(value);
        var put = new PutRequest { Key = _range.Key(service), Value = _write(value) };
        return _connection.CallAsync(
            $"writing {_range.Prefix}{service}", (invoker, options) => new KV.KVClient(invoker).PutAsync(put, options).ResponseAsync, cancellationToken);
    }

    /// <summary>Takes away whatever is said.</summary>
    public Task DeleteAsync(string service, CancellationToken cancellationToken)
    {
        Check(service);
        var deletion = new DeleteRangeRequest { Key = _range.Key(service) };
        return _connection.CallAsync(
            $"deleting {_range.Prefix}{service}", (invoker, options) => new KV.KVClient(invoker).DeleteRangeAsync(deletion, options).ResponseAsync, cancellationToken);
    }

    /// <summary>Ends the watches, takes back what this process leads (trying for at most 2 s) and closes the connections.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_disposing.IsCancellationRequested)
        {
            await _disposing.CancelAsync().ConfigureAwait(false);
            await _lead.DisposeAsync().ConfigureAwait(false);
            _connection.Dispose();
        }
    }

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
