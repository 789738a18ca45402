using System.Globalization;
using Etcdserverpb;
using Google.Protobuf;
using ResilientShop.Resilience.Policies;

namespace ResilientShop.Resilience.Etcd;

/// <summary>One change as one transaction: scopes and audit record together, or neither. It may be sent again when its answer was lost: it takes effect once.</summary>
internal sealed class EtcdChange
{
    // Etcd takes 128 operations and 1.5 MiB in a request unless it is told otherwise; the record and the names have their share.
    private const int MostScopes = 100;
    private const int MostBytes = 1024 * 1024;

    private readonly EtcdLayout _layout;
    private readonly ByteString _auditKey;

    private EtcdChange(PolicyChange change, EtcdLayout layout, DateTimeOffset now)
    {
        _layout = layout;
        _auditKey = layout.NewAuditKey(now);
        Request = new TxnRequest { Compare = { IsNotMadeYet() } };
        foreach (var (scope, content) in change.Scopes)
        {
            var key = layout.Config.Key(scope);
            Request.Success.Add(content is { } text
                ? new RequestOp { RequestPut = new PutRequest { Key = key, Value = ByteString.CopyFrom(text.Span) } }
                : new RequestOp { RequestDeleteRange = new DeleteRangeRequest { Key = key } });
        }

        var record = new AuditRecord(change.Who, now, change.Why, [.. change.Scopes.Keys.Order(StringComparer.Ordinal)]);
        Request.Success.Add(new RequestOp { RequestPut = new PutRequest { Key = _auditKey, Value = EtcdJson.Write(record) } });
        Request.Success.Add(EtcdAudit.Count(layout));
        Request.Failure.Add(new RequestOp { RequestRange = new RangeRequest { Key = _auditKey, KeysOnly = true } });
        Request.Failure.AddRange(EtcdPolicies.Request(layout).Success);
    }

    public TxnRequest Request { get; }

    /// <summary>A change that is made when the store has nothing later than <see cref="PolicyChange.From"/>.</summary>
    /// <exception cref="PolicyInvalidException">A scope has no right name, or too much is to be written.</exception>
    public static EtcdChange Of(PolicyChange change, EtcdLayout layout, DateTimeOffset now)
    {
        Validate(change.Scopes);
        var made = new EtcdChange(change, layout, now);
        if (change.From is { } from)
        {
            made.Request.Compare.AddRange([IsNotLaterThan(layout.Config, from), IsNotLaterThan(layout.Audit, from)]);
        }

        return made;
    }

    /// <summary>A change that is made when there are no scopes at all.</summary>
    /// <exception cref="PolicyInvalidException">A scope has no right name, or too much is to be written.</exception>
    public static EtcdChange OfNothing(PolicyChange change, EtcdLayout layout, DateTimeOffset now)
    {
        Validate(change.Scopes);
        var made = new EtcdChange(change, layout, now);
        made.Request.Compare.Add(new Compare
        {
            Key = layout.Config.Start,
            RangeEnd = layout.Config.End,
            Target = Compare.Types.CompareTarget.Create,
            CreateRevision = 0,
            Result = Compare.Types.CompareResult.Equal,
        });
        return made;
    }

    /// <summary>The revision of the change, or null when the store was not as the change wants it.</summary>
    public static long? RevisionMade(TxnResponse answer) =>
        answer.Succeeded ? answer.Header.Revision
        : answer.Responses[0].ResponseRange.Kvs is [var record] ? record.ModRevision
        : null;

    /// <summary>How many records the audit has with this change's; 0 when it was not made by this answer's call.</summary>
    public static long RecordsOf(TxnResponse answer) => answer.Succeeded ? answer.Responses[^1].ResponseRange.Count : 0;

    /// <summary>The revision that was there instead.</summary>
    public long RevisionFound(TxnResponse answer) =>
        EtcdPolicies.From(new TxnResponse { Header = answer.Header, Responses = { answer.Responses.Skip(1) } }, _layout).Revision;

    private static void Validate(IReadOnlyDictionary<string, ReadOnlyMemory<byte>?> scopes) => PolicyErrors.ThrowIfAny(errors =>
    {
        errors.RequireCount("the number of changed scopes", scopes.Count, 1, MostScopes);
        errors.RequireCount("the bytes of all changed scopes", (int)Math.Min(scopes.Values.Sum(content => (long)(content?.Length ?? 0)), int.MaxValue), 0, MostBytes);
        foreach (var (scope, content) in scopes)
        {
            errors.Require("the scope", PolicyNode.Quote(scope), PolicyScope.IsValid(scope), PolicyScope.Expected);
            if (content is { Length: > PolicySource.MaxBytes and var length })
            {
                errors.Add(PolicyYaml.TooLarge(string.Create(CultureInfo.InvariantCulture, $"scope {PolicyNode.Quote(scope)}"), length));
            }
        }
    });

    // Its record is missing. A key that is not there has revision 0.
    private Compare IsNotMadeYet() => new()
    {
        Key = _auditKey,
        Target = Compare.Types.CompareTarget.Create,
        CreateRevision = 0,
        Result = Compare.Types.CompareResult.Equal,
    };

    // Holds for every key of the range, and for a range without keys.
    private static Compare IsNotLaterThan(EtcdRange range, long from) => new()
    {
        Key = range.Start,
        RangeEnd = range.End,
        Target = Compare.Types.CompareTarget.Mod,
        ModRevision = from + 1,
        Result = Compare.Types.CompareResult.Less,
    };
}
