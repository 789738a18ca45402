using System.Threading.Channels;
using Etcdserverpb;
using Google.Protobuf.Collections;
using Mvccpb;
using ResilientShop.Resilience.Policies;

namespace ResilientShop.Resilience.Etcd;

/// <summary>Follows the scopes.</summary>
/// <param name="connection">The cluster.</param>
/// <param name="layout">Where the scopes are.</param>
/// <param name="time">Paces it.</param>
/// <param name="states">Told every new state.</param>
/// <param name="problem">Told what goes wrong, and null when all is well again.</param>
internal sealed class EtcdWatch(
    EtcdConnection connection, EtcdLayout layout, TimeProvider time, ChannelWriter<StoredPolicies> states, Action<PolicyStoreException?> problem)
    : EtcdFollower(connection, layout.Config, layout.ToString(), time, problem)
{
    private readonly EtcdConnection _connection = connection;
    private EtcdPolicies? _policies;
    private StoredPolicies? _delivered;
    private ulong _cluster;

    protected override async Task<ResponseHeader> ReadAsync(CancellationToken cancellationToken)
    {
        var answer = await _connection.CallAsync(
            $"reading {layout}", (invoker, options) => new KV.KVClient(invoker).TxnAsync(EtcdPolicies.Request(layout), options).ResponseAsync, cancellationToken)
            .ConfigureAwait(false);
        _policies = EtcdPolicies.From(answer, layout);
        Take(_policies);
        return _policies.Header;
    }

    protected override void Take(RepeatedField<Event> events)
    {
        _policies!.Apply(events);
        Deliver(_policies.ToStored());
    }

    /// <summary>Hands on what was read, when it is new.</summary>
    private void Take(EtcdPolicies policies)
    {
        var read = policies.ToStored();
        if (_delivered is { } last && policies.Header.ClusterId == _cluster && policies.Header.Revision >= last.Revision)
        {
            // What etcdctl deletes leaves no revision behind that a reading could find, and revisions must not go back while the store is the same.
            policies.RaiseTo(read.Digest == last.Digest ? last.Revision : read.Revision > last.Revision ? read.Revision : policies.Header.Revision);
        }

        _cluster = policies.Header.ClusterId;
        Deliver(policies.ToStored());
    }

    private void Deliver(StoredPolicies state)
    {
        if (state.Revision != _delivered?.Revision || state.Digest != _delivered.Digest)
        {
            _delivered = state;
            states.TryWrite(state);
        }
    }
}
