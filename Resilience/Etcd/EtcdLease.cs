using Etcdserverpb;
using Grpc.Core;
using ResilientShop.Resilience.Policies;

namespace ResilientShop.Resilience.Etcd;

/// <summary>The calls of a lease. Its number is its owner's to keep. Thread-safe.</summary>
/// <param name="connection">The cluster.</param>
/// <param name="life">How long it outlives an owner that does not renew it any more.</param>
/// <param name="time">Paces the goodbye.</param>
internal sealed class EtcdLease(EtcdConnection connection, TimeSpan life, TimeProvider time)
{
    private static readonly TimeSpan LongestGoodbye = TimeSpan.FromSeconds(2);

    /// <summary>A new lease.</summary>
    public async Task<long> GrantAsync(CancellationToken cancellationToken)
    {
        var wanted = new LeaseGrantRequest { TTL = (long)life.TotalSeconds };
        var granted = await connection.CallAsync(
            "getting a lease", (invoker, options) => new Lease.LeaseClient(invoker).LeaseGrantAsync(wanted, options).ResponseAsync, cancellationToken)
            .ConfigureAwait(false);
        return granted.ID;
    }

    /// <summary>Renews it; false when etcd does not have it any more.</summary>
    public Task<bool> KeepAliveAsync(long lease, CancellationToken cancellationToken) => connection.CallAsync(
        "renewing our lease",
        async (invoker, options) =>
        {
            using var call = new Lease.LeaseClient(invoker).LeaseKeepAlive(options);
            await EtcdConnection.SendAsync(call.RequestStream, new LeaseKeepAliveRequest { ID = lease }, options.CancellationToken).ConfigureAwait(false);
            return await call.ResponseStream.MoveNext(options.CancellationToken).ConfigureAwait(false)
                ? call.ResponseStream.Current.TTL > 0
                : throw new RpcException(new Status(StatusCode.Unavailable, "etcd has ended the stream"));
        },
        cancellationToken);

    /// <summary>Gives it up, and its keys with it: nothing can be written under it any more, nor what was sent before. One that etcd does not have is given up.</summary>
    /// <exception cref="PolicyStoreException">Etcd could not do it now.</exception>
    public async Task RevokeAsync(long lease, CancellationToken cancellationToken)
    {
        var request = new LeaseRevokeRequest { ID = lease };
        try
        {
            await connection.CallAsync(
                "giving up our lease", (invoker, options) => new Lease.LeaseClient(invoker).LeaseRevokeAsync(request, options).ResponseAsync, cancellationToken)
                .ConfigureAwait(false);
        }
        catch (PolicyStoreException exception) when (EtcdErrors.IsLostLease(exception))
        {
            // It has ended by itself.
        }
    }

    /// <summary>Gives it up, and its keys with it; tried for at most 2 s.</summary>
    /// <returns>Why that failed, or null. The lease then ends by itself.</returns>
    public async Task<Exception?> TryRevokeAsync(long lease)
    {
        using var patience = new CancellationTokenSource(LongestGoodbye, time);
        try
        {
            await RevokeAsync(lease, patience.Token).ConfigureAwait(false);
            return null;
        }
        catch (Exception exception) when (exception is PolicyStoreException or OperationCanceledException)
        {
            return exception;
        }
    }
}
