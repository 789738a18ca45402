using Etcdserverpb;
using Google.Protobuf;
using Microsoft.Extensions.Logging;
using ResilientShop.Resilience.Policies;

namespace ResilientShop.Resilience.Etcd;

/// <summary>
/// What this process says, under a lease that ends soon after the process. A lease that was lost, with a server or by being cut off for too long, is replaced, and
/// everything is said again. Thread-safe.
/// </summary>
internal sealed partial class EtcdAcknowledgements(
    EtcdConnection connection, EtcdLayout layout, TimeSpan life, TimeProvider time, ILogger logger) : IAsyncDisposable
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);
    private readonly Dictionary<ByteString, ByteString> _said = [];
    private readonly HashSet<ByteString> _unsaid = [];
    private readonly EtcdLease _leases = new(connection, life, time);
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly CancellationTokenSource _ending = new();
    private Task _renewing = Task.CompletedTask;
    private long _lease;

    /// <summary>Says it now. When that fails it is still said as soon as etcd can be reached.</summary>
    public async Task SayAsync(Acknowledgement acknowledgement, CancellationToken cancellationToken)
    {
        var key = layout.AcknowledgementKey(acknowledgement.Service, acknowledgement.Instance);
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_said.Count == 0)
            {
                _renewing = RenewAsync(_ending.Token);
            }

            _said[key] = EtcdJson.Write(acknowledgement);
            _unsaid.Add(key);
            await SettleAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>What all processes say.</summary>
    public async Task<IReadOnlyList<Acknowledgement>> ReadAsync(CancellationToken cancellationToken)
    {
        var all = new RangeRequest { Key = layout.Acknowledgements.Start, RangeEnd = layout.Acknowledgements.End };
        var answer = await connection.CallAsync(
            $"reading {layout.Acknowledgements.Prefix}", (invoker, options) => new KV.KVClient(invoker).RangeAsync(all, options).ResponseAsync, cancellationToken)
            .ConfigureAwait(false);
        return
        [
            .. answer.Kvs.Select(pair => EtcdJson.ReadAcknowledgement(pair.Value)).OfType<Acknowledgement>()
                .OrderBy(said => said.Service, StringComparer.Ordinal).ThenBy(said => said.Instance, StringComparer.Ordinal),
        ];
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
        var isWell = true;
        while (true)
        {
            await Task.Delay(isWell || life / 3 < RetryAfter ? life / 3 : RetryAfter, time, cancellationToken).ConfigureAwait(false);
            await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                if (_lease != 0 && !await _leases.KeepAliveAsync(_lease, cancellationToken).ConfigureAwait(false))
                {
                    _lease = 0;
                }

                await SettleAsync(cancellationToken).ConfigureAwait(false);
                isWell = true;
            }
            catch (PolicyStoreException exception)
            {
                isWell = false;
                LogNotRenewed(logger, exception.Message);
            }
            finally
            {
                _turn.Release();
            }
        }
    }

    /// <summary>Says what is not said yet, under a lease that holds.</summary>
    private async Task SettleAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (_lease != 0)
            {
                await PutUnsaidAsync(cancellationToken).ConfigureAwait(false);
                return;
            }
        }
        catch (PolicyStoreException exception) when (EtcdErrors.IsLostLease(exception))
        {
            _lease = 0;
        }

        _lease = await _leases.GrantAsync(cancellationToken).ConfigureAwait(false);
        _unsaid.UnionWith(_said.Keys);
        await PutUnsaidAsync(cancellationToken).ConfigureAwait(false);
    }

    private async Task PutUnsaidAsync(CancellationToken cancellationToken)
    {
        foreach (var key in _unsaid.ToArray())
        {
            var put = new PutRequest { Key = key, Value = _said[key], Lease = _lease };
            await connection.CallAsync(
                $"writing {layout.Acknowledgements.Prefix}", (invoker, options) => new KV.KVClient(invoker).PutAsync(put, options).ResponseAsync, cancellationToken)
                .ConfigureAwait(false);
            _unsaid.Remove(key);
        }
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "What this instance says of its policies could not be renewed: {Problem}")]
    private static partial void LogNotRenewed(ILogger logger, string problem);

    [LoggerMessage(Level = LogLevel.Debug, Message = "What this instance says of its policies could not be taken back; it is gone in {Seconds} s.")]
    private static partial void LogNotRevoked(ILogger logger, double seconds, Exception exception);
}
