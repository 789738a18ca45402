using Etcdserverpb;
using Google.Protobuf;
using Microsoft.Extensions.Logging;
using ResilientShop.Resilience.Policies;

namespace ResilientShop.Resilience.Etcd;

/// <summary>Keeps the audit from growing without end: its oldest records are deleted, some at a time, by whoever adds one too many. Thread-safe.</summary>
internal sealed partial class EtcdAudit(EtcdConnection connection, EtcdLayout layout, ILogger logger)
{
    /// <summary>So many of the latest records are always there.</summary>
    public const int Kept = 10_000;

    /// <summary>So many more may be, so that not every change has to delete.</summary>
    public const int Slack = 100;

    /// <summary>What counts the records within a change.</summary>
    public static RequestOp Count(EtcdLayout layout) => new() { RequestRange = new RangeRequest { Key = layout.Audit.Start, RangeEnd = layout.Audit.End, CountOnly = true } };

    /// <summary>Deletes what is too much of <paramref name="count"/> records. The change that counted them is made, whatever happens here: a failure is left to the next one.</summary>
    public async Task TrimAsync(long count, CancellationToken cancellationToken)
    {
        if (count <= Kept + Slack)
        {
            return;
        }

        try
        {
            // Names begin with the time, so the oldest come first.
            var oldest = new RangeRequest { Key = layout.Audit.Start, RangeEnd = layout.Audit.End, Limit = count - Kept, KeysOnly = true };
            var answer = await CallAsync(new RequestOp { RequestRange = oldest }, cancellationToken).ConfigureAwait(false);
            var last = answer.Responses[0].ResponseRange.Kvs[^1].Key;
            var deleted = new DeleteRangeRequest { Key = layout.Audit.Start, RangeEnd = ByteString.CopyFrom([.. last.Span, 0]) };
            await CallAsync(new RequestOp { RequestDeleteRange = deleted }, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is PolicyStoreException or OperationCanceledException)
        {
            LogNotTrimmed(logger, count, exception.Message);
        }
    }

    private Task<TxnResponse> CallAsync(RequestOp operation, CancellationToken cancellationToken) => connection.CallAsync(
        $"trimming the audit of {layout}",
        (invoker, options) => new KV.KVClient(invoker).TxnAsync(new TxnRequest { Success = { operation } }, options).ResponseAsync,
        cancellationToken);

    [LoggerMessage(LogLevel.Debug, "The audit has {Count} records and could not be trimmed: {Problem}")]
    private static partial void LogNotTrimmed(ILogger logger, long count, string problem);
}
