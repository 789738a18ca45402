using System.Threading.Channels;
using Etcdserverpb;
using Google.Protobuf;
using Google.Protobuf.Collections;
using Mvccpb;
using ResilientShop.Resilience.Policies;

namespace ResilientShop.Resilience.Etcd;

/// <summary>Follows what is said of services.</summary>
/// <param name="connection">The cluster.</param>
/// <param name="range">Where it is said.</param>
/// <param name="time">Paces it.</param>
/// <param name="states">Told every new state.</param>
/// <param name="ignored">Told of a key that says nothing sensible: its name, and what is wrong.</param>
/// <param name="problem">Told what goes wrong with etcd, and null when all is well again.</param>
internal sealed class EtcdFleetWatch(
    EtcdConnection connection,
    EtcdRange range,
    TimeProvider time,
    ChannelWriter<IReadOnlyDictionary<string, FleetDegradation>> states,
    Action<string, string> ignored,
    Action<PolicyStoreException?> problem)
    : EtcdFollower(connection, range, range.Prefix, time, problem)
{
    private readonly EtcdConnection _connection = connection;
    private readonly EtcdRange _range = range;
    private Dictionary<string, FleetDegradation> _said = new(StringComparer.Ordinal);

    protected override async Task<ResponseHeader> ReadAsync(CancellationToken cancellationToken)
    {
        var all = new RangeRequest { Key = _range.Start, RangeEnd = _range.End };
        var answer = await _connection.CallAsync(
            $"reading {_range.Prefix}", (invoker, options) => new KV.KVClient(invoker).RangeAsync(all, options).ResponseAsync, cancellationToken).ConfigureAwait(false);
        _said = new Dictionary<string, FleetDegradation>(StringComparer.Ordinal);
        foreach (var pair in answer.Kvs)
        {
            Put(pair.Key, pair.Value);
        }

        Deliver();
        return answer.Header;
    }

    protected override void Take(RepeatedField<Event> events)
    {
        foreach (var happened in events)
        {
            if (happened.Type == Event.Types.EventType.Put)
            {
                Put(happened.Kv.Key, happened.Kv.Value);
            }
            else
            {
                _said.Remove(_range.NameOf(happened.Kv.Key));
            }
        }

        Deliver();
    }

    /// <summary>What cannot be understood says nothing: a typing error must neither break a service nor keep one broken.</summary>
    private void Put(ByteString key, ByteString value)
    {
        var service = _range.NameOf(key);
        if (FleetJson.Read(value, out var wrong) is { } said)
        {
            _said[service] = said;
        }
        else
        {
            _said.Remove(service);
            ignored(_range.Prefix + service, wrong!);
        }
    }

    private void Deliver() => states.TryWrite(new Dictionary<string, FleetDegradation>(_said, StringComparer.Ordinal));
}
