using Etcdserverpb;
using Google.Protobuf;
using Microsoft.Extensions.Logging;
using ResilientShop.Resilience.Policies;

namespace ResilientShop.Resilience.Etcd;

/// <summary>
/// What this process says of services, each under a lease of its own that ends soon after the process. It is taken back by giving up the lease, so that a write that comes late
/// finds none. A key that somebody else has is left alone, and tried again with each renewal. Thread-safe.
/// </summary>
internal sealed partial class EtcdFleetLead(EtcdConnection connection, EtcdRange range, TimeSpan life, TimeProvider time, ILogger logger) : IAsyncDisposable
{
    private readonly Dictionary<string, Word> _words = new(StringComparer.Ordinal);
    private readonly EtcdLease _leases = new(connection, life, time);
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly CancellationTokenSource _ending = new();
    private Task _renewing = Task.CompletedTask;

    public async Task<bool> LeadAsync(string service, ByteString said, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var word = _words.TryGetValue(service, out var known) ? known : _words[service] = new Word(range.Key(service));
            word.Said = said;
            if (_renewing.IsCompleted)
            {
                _renewing = RenewAsync(_ending.Token);
            }

            return await SayAsync(word, cancellationToken).ConfigureAwait(false);
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
            if (!_words.TryGetValue(service, out var word))
            {
                return;
            }

            // From now on it is not renewed: should etcd not be told, the word ends with its lease.
            word.Said = null;
            if (word.Lease != 0)
            {
                await _leases.RevokeAsync(word.Lease, cancellationToken).ConfigureAwait(false);
            }

            _words.Remove(service);
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
        var leases = _words.Values.Select(word => word.Lease).Where(lease => lease != 0);
        foreach (var exception in await Task.WhenAll(leases.Select(_leases.TryRevokeAsync)).ConfigureAwait(false))
        {
            if (exception is not null)
            {
                LogNotRevoked(logger, life.TotalSeconds, exception);
            }
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
                foreach (var word in _words.Values)
                {
                    await RenewAsync(word, cancellationToken).ConfigureAwait(false);
                }
            }
            catch (PolicyStoreException exception)
            {
                LogNotRenewed(logger, exception.Message);
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
            {
                LogBroken(logger, exception);
            }
            finally
            {
                _turn.Release();
            }
        }
    }

    private async Task RenewAsync(Word word, CancellationToken cancellationToken)
    {
        if (word.Said is null)
        {
            return;
        }

        if (word.Lease != 0 && !await _leases.KeepAliveAsync(word.Lease, cancellationToken).ConfigureAwait(false))
        {
            word.Lease = 0;
        }

        await SayAsync(word, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Says it under a lease that holds; one that was lost is replaced.</summary>
    private async Task<bool> SayAsync(Word word, CancellationToken cancellationToken)
    {
        for (var isFirst = true; ; isFirst = false)
        {
            if (word.Lease == 0)
            {
                word.Lease = await _leases.GrantAsync(cancellationToken).ConfigureAwait(false);
            }

            try
            {
                return await PutAsync(word, cancellationToken).ConfigureAwait(false);
            }
            catch (PolicyStoreException exception) when (isFirst && EtcdErrors.IsLostLease(exception))
            {
                word.Lease = 0;
            }
        }
    }

    /// <summary>Writes a key that nobody has, or that is ours.</summary>
    private async Task<bool> PutAsync(Word word, CancellationToken cancellationToken)
    {
        var key = word.Key;
        var put = new RequestOp { RequestPut = new PutRequest { Key = key, Value = word.Said, Lease = word.Lease } };
        var isOurs = new Compare { Key = key, Target = Compare.Types.CompareTarget.Lease, Result = Compare.Types.CompareResult.Equal, Lease = word.Lease };
        var isNobodys = new Compare { Key = key, Target = Compare.Types.CompareTarget.Create, Result = Compare.Types.CompareResult.Equal, CreateRevision = 0 };
        var ours = new TxnRequest { Compare = { isOurs }, Success = { put } };
        var wanted = new TxnRequest { Compare = { isNobodys }, Success = { put }, Failure = { new RequestOp { RequestTxn = ours } } };
        var answer = await connection.CallAsync(
            $"writing {key.ToStringUtf8()}", (invoker, options) => new KV.KVClient(invoker).TxnAsync(wanted, options).ResponseAsync, cancellationToken).ConfigureAwait(false);
        return answer.Succeeded || answer.Responses is [{ ResponseTxn.Succeeded: true }];
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "What this instance says of the fleet could not be renewed: {Problem}")]
    private static partial void LogNotRenewed(ILogger logger, string problem);

    [LoggerMessage(Level = LogLevel.Error, Message = "To renew what this instance says of the fleet met what nobody expected; it is tried again")]
    private static partial void LogBroken(ILogger logger, Exception exception);

    [LoggerMessage(Level = LogLevel.Debug, Message = "What this instance says of the fleet could not be taken back; it is gone in {Seconds} s.")]
    private static partial void LogNotRevoked(ILogger logger, double seconds, Exception exception);

    /// <summary>What is said of a service, and under which lease.</summary>
    private sealed class Word(ByteString key)
    {
        public ByteString Key => key;

        /// <summary>Null when it is taken back, and etcd has yet to be told.</summary>
        public ByteString? Said { get; set; }

        /// <summary>0 while there is none.</summary>
        public long Lease { get; set; }
    }
}
