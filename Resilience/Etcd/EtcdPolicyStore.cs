using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Etcdserverpb;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using ResilientShop.Resilience.Policies;

namespace ResilientShop.Resilience.Etcd;

/// <summary>
/// Policies in etcd 3.4 or later: a key a scope, with the audit and the acknowledgements beside them (see <see cref="EtcdPolicyOptions.Prefix"/>). A revision is
/// etcd's own number of the change. Nothing is asked of etcd before the first call, so it may be down when the store is made; calls give up after seconds, watches
/// never do. Thread-safe.
/// </summary>
/// <remarks>
/// A user needs to read and write the prefix and its siblings <c>audit</c> and <c>acks</c>; to read and watch only, reading the prefix and <c>audit</c> is enough.
/// A change past the audit has no record; when it is a deletion, only watches and the history know its revision.
/// </remarks>
public sealed class EtcdPolicyStore : IPolicyStore
{
    private readonly EtcdConnection _connection;
    private readonly EtcdLayout _layout;
    private readonly EtcdAcknowledgements _acknowledgements;
    private readonly EtcdAudit _audit;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _disposing = new();

    /// <param name="options">Where, and as whom.</param>
    /// <param name="time">The clock; the system's when null.</param>
    /// <param name="logger">Told, at level Debug, of acknowledgements that could not be renewed and of an audit that could not be trimmed; nobody when null.</param>
    /// <exception cref="PolicyInvalidException">The options are wrong.</exception>
    public EtcdPolicyStore(EtcdPolicyOptions options, TimeProvider? time = null, ILogger<EtcdPolicyStore>? logger = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        Name = options.ToString();
        _time = time ?? TimeProvider.System;
        _layout = new EtcdLayout(options.Prefix);
        _connection = new EtcdConnection(options, Name);
        var log = logger ?? NullLogger<EtcdPolicyStore>.Instance;
        _acknowledgements = new EtcdAcknowledgements(_connection, _layout, options.AcknowledgementLease, _time, log);
        _audit = new EtcdAudit(_connection, _layout, log);
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public Task<StoredPolicies> ReadAsync(CancellationToken cancellationToken) => ReadAtAsync(0, $"reading {_layout}", cancellationToken);

    /// <inheritdoc/>
    public Task<StoredPolicies> ReadAsync(long revision, CancellationToken cancellationToken) => revision > 0
        ? ReadAtAsync(revision, $"reading {_layout} at revision {revision}", cancellationToken)
        : throw new PolicyStoreException(PolicyStoreFailure.UnknownRevision, $"{Name}: there is no revision {revision}; see the history for those that there are.");

    /// <inheritdoc/>
    public async IAsyncEnumerable<StoredPolicies> WatchAsync(Action<PolicyStoreException?> problem, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(problem);
        ObjectDisposedException.ThrowIf(_disposing.IsCancellationRequested, this);

        // Between them, so that a slow consumer neither holds up the watch nor gets anything but the last state.
        var states = Channel.CreateBounded<StoredPolicies>(
            new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true, SingleWriter = true });
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _disposing.Token);
        var watching = RunAsync(new EtcdWatch(_connection, _layout, _time, states.Writer, problem), states.Writer, ending.Token);
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
    /// <exception cref="PolicyInvalidException">A scope has no right name, or more is to be written than etcd takes at once.</exception>
    public async Task<long> ChangeAsync(PolicyChange change, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(change);
        var made = EtcdChange.Of(change, _layout, _time.GetUtcNow());
        var answer = await WriteAsync(made, cancellationToken).ConfigureAwait(false);
        return EtcdChange.RevisionMade(answer) ?? throw new PolicyStoreException(
            PolicyStoreFailure.Conflict,
            $"{Name}: the policies are at revision {made.RevisionFound(answer)} and no longer at {change.From}. Look at the difference and make the change again from there.");
    }

    /// <summary>Writes the first scopes, with an audit record, when there are none at all.</summary>
    /// <param name="scopes">Text of each scope.</param>
    /// <param name="who">Who does it, for the audit.</param>
    /// <param name="why">Why, for the audit.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>Whether it was this call that wrote them; of several at once it is one.</returns>
    /// <exception cref="PolicyInvalidException">A scope has no right name, or more is to be written than etcd takes at once.</exception>
    /// <exception cref="PolicyStoreException">Etcd could not do it.</exception>
    public async Task<bool> SeedAsync(IReadOnlyDictionary<string, ReadOnlyMemory<byte>> scopes, string who, string why, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(scopes);
        var change = new PolicyChange(scopes.ToDictionary(scope => scope.Key, scope => (ReadOnlyMemory<byte>?)scope.Value), who, why);
        var made = EtcdChange.OfNothing(change, _layout, _time.GetUtcNow());
        return EtcdChange.RevisionMade(await WriteAsync(made, cancellationToken).ConfigureAwait(false)) is not null;
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<PolicyHistoryEntry>> HistoryAsync(int most, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(most);
        return new EtcdHistory(_connection, _layout, _time).ReadAsync(most, cancellationToken);
    }

    /// <inheritdoc/>
    public Task AcknowledgeAsync(Acknowledgement acknowledgement, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(acknowledgement);
        return _acknowledgements.SayAsync(acknowledgement, cancellationToken);
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<Acknowledgement>> AcknowledgementsAsync(CancellationToken cancellationToken) => _acknowledgements.ReadAsync(cancellationToken);

    /// <summary>Ends the watches, takes back the acknowledgements (trying for at most 2 s) and closes the connections.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_disposing.IsCancellationRequested)
        {
            await _disposing.CancelAsync().ConfigureAwait(false);
            await _acknowledgements.DisposeAsync().ConfigureAwait(false);
            _connection.Dispose();
        }
    }

    /// <inheritdoc/>
    public override string ToString() => Name;

    private static async Task RunAsync(EtcdWatch watch, ChannelWriter<StoredPolicies> states, CancellationToken cancellationToken)
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
        finally
        {
            states.TryComplete(fault);
        }
    }

    private async Task<StoredPolicies> ReadAtAsync(long revision, string what, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_disposing.IsCancellationRequested, this);
        var request = EtcdPolicies.Request(_layout, revision);
        var answer = await _connection.CallAsync(what, (invoker, options) => new KV.KVClient(invoker).TxnAsync(request, options).ResponseAsync, cancellationToken)
            .ConfigureAwait(false);
        return EtcdPolicies.From(answer, _layout).ToStored();
    }

    private async Task<TxnResponse> WriteAsync(EtcdChange change, CancellationToken cancellationToken)
    {
        var answer = await _connection.CallAsync(
            $"changing {_layout}", (invoker, options) => new KV.KVClient(invoker).TxnAsync(change.Request, options).ResponseAsync, cancellationToken).ConfigureAwait(false);
        await _audit.TrimAsync(EtcdChange.RecordsOf(answer), cancellationToken).ConfigureAwait(false);
        return answer;
    }
}
