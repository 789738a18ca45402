using System.Collections.Concurrent;
using System.Threading.Channels;

namespace ResilientShop.Resilience.Durable.Sagas;

/// <summary>The sagas this instance holds: those waiting for a worker and those being driven. Thread-safe.</summary>
internal sealed class SagaQueue(SagaOptions options, TimeProvider time)
{
    private readonly ConcurrentDictionary<Guid, Held> _held = new();
    private readonly Channel<SagaContext> _channel = Channel.CreateBounded<SagaContext>(new BoundedChannelOptions(options.QueueLength));

    public ChannelReader<SagaContext> Reader => _channel.Reader;

    /// <summary>How many more fit.</summary>
    public int Room => Math.Max(0, options.QueueLength - _held.Count);

    public bool Holds(Guid id) => _held.ContainsKey(id);

    /// <summary>
    /// Takes a saga whose lease has just been written. Full, or held already: false, and the table keeps it for later. One that is held at an older epoch was taken
    /// from us and has come back: whoever drives it still cannot write any more.
    /// </summary>
    public bool TryEnqueue(SagaContext saga)
    {
        var fresh = new Held(saga, time.GetTimestamp());
        var held = _held.AddOrUpdate(saga.Id, fresh, (_, old) => old.Saga.Epoch < saga.Epoch ? fresh : old);
        if (held != fresh)
        {
            return false;
        }

        if (_channel.Writer.TryWrite(saga))
        {
            return true;
        }

        Remove(saga);
        return false;
    }

    public void Remove(SagaContext saga)
    {
        if (_held.TryGetValue(saga.Id, out var held) && held.Saga == saga)
        {
            _held.TryRemove(KeyValuePair.Create(saga.Id, held));
        }
    }

    /// <summary>Sagas whose lease is older than <paramref name="age"/>; the others need no renewal yet.</summary>
    public List<SagaContext> LeasedFor(TimeSpan age) =>
        [.. _held.Values.Where(held => time.GetElapsedTime(held.LeasedAt) >= age).Select(held => held.Saga)];

    public void Renewed(IEnumerable<SagaContext> sagas)
    {
        foreach (var saga in sagas)
        {
            if (_held.TryGetValue(saga.Id, out var held))
            {
                _held.TryUpdate(saga.Id, held with { LeasedAt = time.GetTimestamp() }, held);
            }
        }
    }

    private sealed record Held(SagaContext Saga, long LeasedAt);
}
