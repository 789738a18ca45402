using System.Threading.Channels;
using Etcdserverpb;
using Google.Protobuf;
using Google.Protobuf.Collections;
using Mvccpb;
using ResilientShop.Resilience.Policies;

namespace ResilientShop.Resilience.Etcd;

/// <summary>Reads a value; null when it says nothing sensible, and then what is wrong with it.</summary>
internal delegate TValue? EtcdValueReader<TValue>(ByteString text, out string? wrong);

/// <summary>Follows a range of keys of which each says something by itself, such as a service's degradation.</summary>
/// <typeparam name="TValue">What a key says.</typeparam>
/// <param name="connection">The cluster.</param>
/// <param name="range">Where it is said.</param>
/// <param name="time">Paces it.</param>
/// <param name="read">Reads a value.</param>
/// <param name="states">Told every new state: values by the name of their key.</param>
/// <param name="ignored">Told of a key that says nothing sensible: its name, and what is wrong.</param>
/// <param name="problem">Told what goes wrong with etcd, and null when all is well again.</param>
internal sealed class EtcdKeysWatch<TValue>(
    EtcdConnection connection,
    EtcdRange range,
    TimeProvider time,
    EtcdValueReader<TValue> read,
    ChannelWriter<IReadOnlyDictionary<string, TValue>> states,
    Action<string, string> ignored,
    Action<PolicyStoreException?> problem)
    : EtcdFollower(connection, range, range.Prefix, time, problem)
    where TValue : class
{
    private readonly EtcdConnection _connection = connection;
    private readonly EtcdRange _range = range;
    private Dictionary<string, TValue> _said = new(StringComparer.Ordinal);

    /// <summary>Runs until it is cancelled, and then, or when something unexpected happens, completes the channel.</summary>
    public async Task RunToEndAsync(CancellationToken cancellationToken)
    {
        Exception? fault = null;
        try
        {
            await RunAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            // When it is not the end of the enumeration or of the store, it is a fault of ours or of the callback, and for the consumer to see.
            fault = cancellationToken.IsCancellationRequested ? null : exception;
        }

        states.TryComplete(fault);
    }

    protected override async Task<ResponseHeader> ReadAsync(CancellationToken cancellationToken)
    {
        var all = new RangeRequest { Key = _range.Start, RangeEnd = _range.End };
        var answer = await _connection.CallAsync(
            $"reading {_range.Prefix}", (invoker, options) => new KV.KVClient(invoker).RangeAsync(all, options).ResponseAsync, cancellationToken).ConfigureAwait(false);
        _said = new Dictionary<string, TValue>(StringComparer.Ordinal);
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

    /// <summary>What cannot be understood says nothing: a typing error must neither do something to a service nor keep something up.</summary>
    private void Put(ByteString key, ByteString value)
    {
        var name = _range.NameOf(key);
        if (read(value, out var wrong) is { } said)
        {
            _said[name] = said;
        }
        else
        {
            _said.Remove(name);
            ignored(_range.Prefix + name, wrong!);
        }
    }

    private void Deliver() => states.TryWrite(new Dictionary<string, TValue>(_said, StringComparer.Ordinal));
}
