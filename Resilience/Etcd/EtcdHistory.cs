using Etcdserverpb;
using Google.Protobuf.Collections;
using Grpc.Core;
using Mvccpb;
using ResilientShop.Resilience.Policies;

namespace ResilientShop.Resilience.Etcd;

/// <summary>
/// The changes that etcd knows of: the audit's records, and the events that it has not compacted yet, which also tell of changes past the audit. Stateless.
/// </summary>
internal sealed class EtcdHistory(EtcdConnection connection, EtcdLayout layout, TimeProvider time)
{
    private static readonly TimeSpan LongestReplay = TimeSpan.FromSeconds(10);

    // Etcd begins to replay up to 100 ms after it was asked. Where there is nothing to replay, nothing tells so.
    private static readonly TimeSpan Settling = TimeSpan.FromMilliseconds(300);

    /// <summary>The latest changes, latest first.</summary>
    public async Task<IReadOnlyList<PolicyHistoryEntry>> ReadAsync(int most, CancellationToken cancellationToken)
    {
        var records = EtcdPolicies.LatestAudit(layout);
        (records.Limit, records.KeysOnly) = (most, false);
        var request = new TxnRequest { Success = { new RequestOp { RequestRange = records }, new RequestOp { RequestRange = KeysOf(revision: 0) } } };
        var answer = await CallAsync(request, cancellationToken).ConfigureAwait(false);
        var present = answer.Responses[1].ResponseRange.Kvs.ToDictionary(pair => layout.Config.NameOf(pair.Key), pair => pair.ModRevision);
        var changes = await ReplayAsync(new Replay(layout, answer.Header.Revision, present), cancellationToken).ConfigureAwait(false);
        foreach (var pair in answer.Responses[0].ResponseRange.Kvs)
        {
            changes.TryAdd(pair.ModRevision, []);
        }

        var audit = answer.Responses[0].ResponseRange.Kvs.ToDictionary(pair => pair.ModRevision, pair => EtcdJson.ReadAudit(pair.Value));
        return [.. changes.Reverse().Take(most).Select(change => Entry(change.Key, audit.GetValueOrDefault(change.Key), change.Value))];
    }

    private static PolicyHistoryEntry Entry(long revision, AuditRecord? record, SortedSet<string> scopes) =>
        new(revision, record?.When, record?.Who, record?.Why, scopes.Count > 0 ? [.. scopes] : record?.Scopes ?? []);

    private RangeRequest KeysOf(long revision) => new() { Key = layout.Config.Start, RangeEnd = layout.Config.End, Revision = revision, KeysOnly = true };

    private Task<TxnResponse> CallAsync(TxnRequest request, CancellationToken cancellationToken) => connection.CallAsync(
        $"reading the history of {layout}", (invoker, options) => new KV.KVClient(invoker).TxnAsync(request, options).ResponseAsync, cancellationToken);

    /// <summary>The scopes that changed, by revision.</summary>
    private async Task<SortedDictionary<long, SortedSet<string>>> ReplayAsync(Replay replay, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(LongestReplay, time);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, patience.Token);
        try
        {
            var from = 1L;
            while (true)
            {
                var compacted = await connection.StreamAsync(
                    $"reading the history of {layout}", (invoker, options) => FollowAsync(replay, from, invoker, options), ending.Token).ConfigureAwait(false);
                if (compacted == 0)
                {
                    return replay.Changes;
                }

                // What was compacted is gone, but for what is still as it was then.
                from = compacted;
                var request = new TxnRequest { Success = { new RequestOp { RequestRange = KeysOf(from) } } };
                replay.Begin((await CallAsync(request, ending.Token).ConfigureAwait(false)).Responses[0].ResponseRange.Kvs);
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new PolicyStoreException(
                PolicyStoreFailure.Unavailable, $"Reading the history of {layout} took longer than {LongestReplay.TotalSeconds:0} s. Compact etcd, or try again later.");
        }
    }

    /// <summary>Replays from a revision to the present. The result is 0, or the revision below which all is compacted.</summary>
    private async Task<long> FollowAsync(Replay replay, long from, CallInvoker invoker, CallOptions options)
    {
        using var settled = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(options.CancellationToken, settled.Token);
        using var call = new Watch.WatchClient(invoker).Watch(options.WithCancellationToken(ending.Token));
        var request = new WatchCreateRequest { Key = layout.Config.Start, RangeEnd = layout.Config.End, StartRevision = from };
        try
        {
            await EtcdConnection.SendAsync(call.RequestStream, new WatchRequest { CreateRequest = request }, ending.Token).ConfigureAwait(false);
            while (await call.ResponseStream.MoveNext(ending.Token).ConfigureAwait(false))
            {
                var answer = call.ResponseStream.Current;
                if (answer.Canceled)
                {
                    return answer.CompactRevision > 0 ? answer.CompactRevision : throw EtcdErrors.OfCancelledWatch(answer.CancelReason);
                }

                replay.Add(answer.Events);
                if (replay.IsAtPresent && answer.Events.Count > 0)
                {
                    return 0;
                }

                settled.CancelAfter(replay.IsAtPresent ? Settling : Timeout.InfiniteTimeSpan);
            }

            throw new RpcException(new Status(StatusCode.Unavailable, "etcd has ended the watch"));
        }
        catch (Exception exception) when (exception is RpcException or OperationCanceledException
            && settled.IsCancellationRequested && !options.CancellationToken.IsCancellationRequested)
        {
            return 0;
        }
    }

    /// <summary>The events up to a revision, until they add up to what there is at that revision.</summary>
    private sealed class Replay(EtcdLayout layout, long until, Dictionary<string, long> present)
    {
        private readonly Dictionary<string, long> _current = [];

        public SortedDictionary<long, SortedSet<string>> Changes { get; } = [];

        public bool IsAtPresent => _current.Count == present.Count && present.All(scope => _current.GetValueOrDefault(scope.Key) == scope.Value);

        public void Begin(RepeatedField<KeyValue> keys)
        {
            _current.Clear();
            foreach (var pair in keys)
            {
                Put(layout.Config.NameOf(pair.Key), pair.ModRevision);
            }
        }

        public void Add(RepeatedField<Event> events)
        {
            foreach (var happened in events.Where(happened => happened.Kv.ModRevision <= until))
            {
                var scope = layout.Config.NameOf(happened.Kv.Key);
                if (happened.Type == Event.Types.EventType.Put)
                {
                    Put(scope, happened.Kv.ModRevision);
                }
                else
                {
                    _current.Remove(scope);
                    Note(scope, happened.Kv.ModRevision);
                }
            }
        }

        private void Put(string scope, long revision)
        {
            _current[scope] = revision;
            Note(scope, revision);
        }

        private void Note(string scope, long revision)
        {
            if (!Changes.TryGetValue(revision, out var scopes))
            {
                Changes.Add(revision, scopes = new SortedSet<string>(StringComparer.Ordinal));
            }

            scopes.Add(scope);
        }
    }
}
