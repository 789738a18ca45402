using Etcdserverpb;
using Google.Protobuf.Collections;
using Grpc.Core;
using Mvccpb;
using ResilientShop.Resilience.Policies;

namespace ResilientShop.Resilience.Etcd;

/// <summary>
/// Follows a range of keys until it is cancelled. Whenever it begins, and after every cut, it reads all that there is and watches from there: the reading is small, no
/// compaction can come between, and a store that was wiped and filled again, perhaps up to the very revision that we knew, is seen for what it is.
/// </summary>
/// <param name="connection">The cluster.</param>
/// <param name="range">The keys.</param>
/// <param name="name">What they are, for messages.</param>
/// <param name="time">Paces it.</param>
/// <param name="problem">Told what goes wrong, and null when all is well again.</param>
internal abstract class EtcdFollower(EtcdConnection connection, EtcdRange range, string name, TimeProvider time, Action<PolicyStoreException?> problem)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);

    // Etcd hashes every wrong password slowly on purpose; a fleet that tries each second would keep it busy.
    private static readonly TimeSpan LongestPauseAfterRefusedLogin = TimeSpan.FromSeconds(5);

    // Each heartbeat is answered. The answers keep etcd from counting our pings as too many, and their absence tells of a server that is there and does not work.
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestSilence = TimeSpan.FromSeconds(4);

    private readonly WatchRequest _heartbeat = new() { ProgressRequest = new WatchProgressRequest() };
    private PolicyStoreException? _told;
    private int _failures;

    /// <summary>Runs until it is cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var longest = LongestPause;
            try
            {
                await FollowAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (PolicyStoreException exception)
            {
                Tell(exception);
                longest = EtcdErrors.IsRefusedLogin(exception) ? LongestPauseAfterRefusedLogin : LongestPause;
            }

            // Many instances lose the same server at the same time; the random part keeps them from coming back as one.
            var pause = Backoff.Exponential(FirstPause, longest, _failures++) * (0.5 + (Random.Shared.NextDouble() / 2));
            await Task.Delay(pause, time, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Reads all that there is, and takes it.</summary>
    /// <returns>Of which cluster it is, and as of which revision.</returns>
    protected abstract Task<ResponseHeader> ReadAsync(CancellationToken cancellationToken);

    /// <summary>Takes what has happened since. Etcd never splits the events of a transaction over two answers.</summary>
    protected abstract void Take(RepeatedField<Event> events);

    /// <summary>Reads and watches once; it returns when it has to be done again, and throws when something is wrong.</summary>
    private async Task FollowAsync(CancellationToken cancellationToken)
    {
        var header = await ReadAsync(cancellationToken).ConfigureAwait(false);
        await connection.StreamAsync(
            $"watching {name}", (invoker, options) => WatchAsync(header, invoker, options), cancellationToken).ConfigureAwait(false);
    }

    private async Task<bool> WatchAsync(ResponseHeader header, CallInvoker invoker, CallOptions options)
    {
        using var silence = new CancellationTokenSource(LongestSilence, time);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(options.CancellationToken, silence.Token);
        using var call = new Watch.WatchClient(invoker).Watch(options.WithCancellationToken(ending.Token));
        var beating = Task.CompletedTask;
        try
        {
            await EtcdConnection.SendAsync(call.RequestStream, FirstRequest(header.Revision + 1), ending.Token).ConfigureAwait(false);
            beating = BeatAsync(call.RequestStream, ending.Token);
            while (await call.ResponseStream.MoveNext(ending.Token).ConfigureAwait(false))
            {
                silence.CancelAfter(LongestSilence);
                if (!Follows(call.ResponseStream.Current, header))
                {
                    return false;
                }
            }

            throw new RpcException(new Status(StatusCode.Unavailable, "etcd has ended the watch"));
        }
        catch (Exception exception) when (exception is RpcException or OperationCanceledException
            && silence.IsCancellationRequested && !options.CancellationToken.IsCancellationRequested)
        {
            throw new RpcException(new Status(StatusCode.Unavailable, $"etcd has said nothing for {LongestSilence.TotalSeconds:0} s"));
        }
        finally
        {
            await ending.CancelAsync().ConfigureAwait(false);

            // Whatever ended it has ended the answers too, and they say why.
            await beating.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Takes an answer of the watch; false when all must be read again.</summary>
    private bool Follows(WatchResponse answer, ResponseHeader header)
    {
        if (answer.Canceled)
        {
            return answer.CompactRevision > 0 ? false : throw EtcdErrors.OfCancelledWatch(answer.CancelReason);
        }

        if (answer.Created)
        {
            if (answer.Header.ClusterId != header.ClusterId || answer.Header.Revision < header.Revision)
            {
                // The server was replaced since the reading.
                return false;
            }

            _failures = 0;
            Tell(null);
        }

        if (answer.Events.Count > 0)
        {
            Take(answer.Events);
        }

        return true;
    }

    private WatchRequest FirstRequest(long revision) => new()
    {
        // Without "fragment" no answer holds a part of a transaction. The numbers of heartbeats and progress notes are not used: etcd before 3.4.25 sends them
        // ahead of events that they should follow.
        CreateRequest = new WatchCreateRequest { Key = range.Start, RangeEnd = range.End, StartRevision = revision, ProgressNotify = true },
    };

    private async Task BeatAsync(IClientStreamWriter<WatchRequest> requests, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Heartbeat, time);
        while (await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false))
        {
            await requests.WriteAsync(_heartbeat, cancellationToken).ConfigureAwait(false);
        }
    }

    private void Tell(PolicyStoreException? exception)
    {
        if (exception?.Message != _told?.Message)
        {
            _told = exception;
            problem(exception);
        }
    }
}
