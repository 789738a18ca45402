using Etcdserverpb;
using Google.Protobuf.Collections;
using Mvccpb;
using ResilientShop.Resilience.Policies;

namespace ResilientShop.Resilience.Etcd;

/// <summary>The scopes as they are read from etcd, and then follow its events. Not thread-safe: one watch owns it.</summary>
internal sealed class EtcdPolicies
{
    private readonly EtcdLayout _layout;
    private readonly SortedDictionary<string, PolicySource> _sources = new(StringComparer.Ordinal);

    private EtcdPolicies(EtcdLayout layout, ResponseHeader header)
    {
        _layout = layout;
        Header = header;
    }

    /// <summary>Of the reading: which cluster it was, and its revision then.</summary>
    public ResponseHeader Header { get; }

    /// <summary>Revision of the last change: the latest of the scopes' and of the audit's, which also knows of what was deleted.</summary>
    public long Revision { get; private set; }

    /// <summary>What reads all in one transaction, so as it was at one moment.</summary>
    /// <param name="layout">Where it is.</param>
    /// <param name="revision">That moment; 0 for now.</param>
    public static TxnRequest Request(EtcdLayout layout, long revision = 0) => new()
    {
        Success =
        {
            new RequestOp { RequestRange = new RangeRequest { Key = layout.Config.Start, RangeEnd = layout.Config.End, Revision = revision } },
            new RequestOp { RequestRange = LatestAudit(layout, revision) },
        },
    };

    /// <summary>What finds the latest record of the audit, without its text.</summary>
    public static RangeRequest LatestAudit(EtcdLayout layout, long revision = 0) => new()
    {
        Key = layout.Audit.Start,
        RangeEnd = layout.Audit.End,
        Revision = revision,
        SortTarget = RangeRequest.Types.SortTarget.Mod,
        SortOrder = RangeRequest.Types.SortOrder.Descend,
        Limit = 1,
        KeysOnly = true,
    };

    /// <summary>The answer to <see cref="Request"/>.</summary>
    public static EtcdPolicies From(TxnResponse answer, EtcdLayout layout)
    {
        var policies = new EtcdPolicies(layout, answer.Header);
        foreach (var pair in answer.Responses[0].ResponseRange.Kvs)
        {
            policies.Put(pair);
        }

        if (answer.Responses[1].ResponseRange.Kvs is [var record])
        {
            policies.RaiseTo(record.ModRevision);
        }

        return policies;
    }

    /// <summary>Takes what has happened. Etcd never splits the events of a transaction over two answers, so after each answer the state is a whole one.</summary>
    public void Apply(RepeatedField<Event> events)
    {
        foreach (var happened in events)
        {
            if (happened.Type == Event.Types.EventType.Put)
            {
                Put(happened.Kv);
            }
            else
            {
                _sources.Remove(_layout.Config.NameOf(happened.Kv.Key));
                RaiseTo(happened.Kv.ModRevision);
            }
        }
    }

    /// <summary>Makes the revision at least this one.</summary>
    public void RaiseTo(long revision) => Revision = Math.Max(Revision, revision);

    public StoredPolicies ToStored() => new(Revision, [.. _sources.Values]);

    private void Put(KeyValue pair)
    {
        var scope = _layout.Config.NameOf(pair.Key);
        var location = $"etcd:{_layout.Config.Prefix}{scope}";
        _sources[scope] = pair.Value.Length > PolicySource.MaxBytes
            ? new PolicySource(scope, location, ReadOnlyMemory<byte>.Empty) { Problem = PolicyYaml.TooLarge(location, pair.Value.Length) }
            : new PolicySource(scope, location, pair.Value.Memory);
        RaiseTo(pair.ModRevision);
    }
}
