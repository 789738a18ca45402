using Etcdserverpb;
using Google.Protobuf;
using Microsoft.Extensions.Logging;
using ResilientShop.Resilience.Policies;

namespace ResilientShop.Resilience.Etcd;

/// <summary>
/// What this process says of services, under a lease that ends soon after the process. A key that somebody else has is left alone, and tried again with each renewal.
/// Thread-safe.
/// </summary>
internal sealed partial class EtcdFleetLead(EtcdConnection connection, EtcdRange range, TimeSpan life, TimeProvider time, ILogger logger) : IAsyncDisposable
{
    private readonly Dictionary<string, ByteString> _said = [];
    private readonly EtcdLease _leases = new(connection, life, time);
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly CancellationTokenSource _ending = new();
    private Task _renewing = Task.CompletedTask;
    private long _lease;

    public async Task<bool> LeadAsync(string service, ByteString said, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            _said[service] = said;
            if (_renewing.IsCompleted)
            {
                _renewing = RenewAsync(_ending.Token);
            }

            return await SayAsync(service, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    public async Task WithdrawAsync(string service, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            _said.Remove(service);
            if (_lease == 0)
            {
                return;
            }

            var key = range.Key(service);
            var withdrawal = new TxnRequest { Compare = { IsOurs(key) }, Success = { new RequestOp { RequestDeleteRange = new DeleteRangeRequest { Key = key } } } };
            await TransactAsync($"taking back {range.Prefix}{service}", withdrawal, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync().ConfigureAwait(false);
        await _renewing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (_lease != 0 && await _leases.TryRevokeAsync(_lease).ConfigureAwait(false) is { } exception)
        {
            LogNotRevoked(logger, life.TotalSeconds, exception);
        }

        _turn.Dispose();
        _ending.Dispose();
    }

    private async Task RenewAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            await Task.Delay(life / 3, time, cancellationToken).ConfigureAwait(false);
            await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                if (_lease != 0 && !await _leases.KeepAliveAsync(_lease, cancellationToken).ConfigureAwait(false))
                {
                    _lease = 0;
                }

                foreach (var service in _said.Keys)
                {
                    await SayAsync(service, cancellationToken).ConfigureAwait(false);
                }
            }
            catch (PolicyStoreException exception)
            {
                LogNotRenewed(logger, exception.Message);
            }
            finally
            {
                _turn.Release();
            }
        }
    }

    /// <summary>Says it under a lease that holds; one that was lost is replaced.</summary>
    private async Task<bool> SayAsync(string service, CancellationToken cancellationToken)
    {
        for (var isFirst = true; ; isFirst = false)
        {
            if (_lease == 0)
            {
                _lease = await _leases.GrantAsync(cancellationToken).ConfigureAwait(false);
            }

            try
            {
                return await PutAsync(service, cancellationToken).ConfigureAwait(false);
            }
            catch (PolicyStoreException exception) when (isFirst && EtcdErrors.IsLostLease(exception))
            {
                _lease = 0;
            }
        }
    }

    /// <summary>Writes a key that nobody has, or that is ours.</summary>
    private async Task<bool> PutAsync(string service, CancellationToken cancellationToken)
    {
        var key = range.Key(service);
        var put = new RequestOp { RequestPut = new PutRequest { Key = key, Value = _said[service], Lease = _lease } };
        var ours = new TxnRequest { Compare = { IsOurs(key) }, Success = { put } };
        var nobodys = new Compare { Key = key, Target = Compare.Types.CompareTarget.Create, Result = Compare.Types.CompareResult.Equal, CreateRevision = 0 };
        var wanted = new TxnRequest { Compare = { nobodys }, Success = { put }, Failure = { new RequestOp { RequestTxn = ours } } };
        var answer = await TransactAsync($"writing {range.Prefix}{service}", wanted, cancellationToken).ConfigureAwait(false);
        return answer.Succeeded || answer.Responses is [{ ResponseTxn.Succeeded: true }];
    }

    private Compare IsOurs(ByteString key) =>
        new() { Key = key, Target = Compare.Types.CompareTarget.Lease, Result = Compare.Types.CompareResult.Equal, Lease = _lease };

    private Task<TxnResponse> TransactAsync(string what, TxnRequest request, CancellationToken cancellationToken) => connection.CallAsync(
        what, (invoker, options) => new KV.KVClient(invoker).TxnAsync(request, options).ResponseAsync, cancellationToken);

    [LoggerMessage(Level = LogLevel.Debug, Message = "What this instance says of the fleet could not be renewed: {Problem}")]
    private static partial void LogNotRenewed(ILogger logger, string problem);

    [LoggerMessage(Level = LogLevel.Debug, Message = "What this instance says of the fleet could not be taken back; it is gone in {Seconds} s.")]
    private static partial void LogNotRevoked(ILogger logger, double seconds, Exception exception);
}
