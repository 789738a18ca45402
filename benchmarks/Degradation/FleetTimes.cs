using System.Diagnostics;
using System.Threading.Channels;
using ResilientShop.Resilience;
using ResilientShop.Resilience.Etcd;

namespace ResilientShop.Benchmarks.Degradation;

/// <summary>From what one instance says of its service to the next instance's following it, through a real etcd.</summary>
internal static class FleetTimes
{
    private const int WarmUp = 50;
    private const int Runs = 200;

    /// <summary>Milliseconds, in ascending order.</summary>
    public static async Task<double[]> MeasureAsync(string endpoint)
    {
        await using var one = new EtcdFleetStore(new EtcdPolicyOptions { Endpoints = endpoint });
        await using var other = new EtcdFleetStore(new EtcdPolicyOptions { Endpoints = endpoint });
        using var follower = new ServiceDegradation("orders", new DegradationPolicy(), TimeProvider.System);
        using var stop = new CancellationTokenSource();
        var followed = Channel.CreateUnbounded<long>();
        var following = FollowAsync(other, follower, followed.Writer, stop.Token);
        await followed.Reader.ReadAsync();

        var times = new List<double>(Runs);
        for (var run = 0; run < WarmUp + Runs; run++)
        {
            var (level, share) = run % 2 == 0 ? (DegradationLevel.Broken, 0.0) : (DegradationLevel.Degraded, 0.05);
            var began = Stopwatch.GetTimestamp();
            await one.LeadAsync("orders", new FleetDegradation(level, share, IsForced: false, "gate", "orders/1", DateTimeOffset.UnixEpoch), CancellationToken.None);
            var at = await followed.Reader.ReadAsync();
            if (follower.Current.Level != level)
            {
                throw new InvalidOperationException($"The follower is at {follower.Current.Level} and not at {level}.");
            }

            if (run >= WarmUp)
            {
                times.Add(Stopwatch.GetElapsedTime(began, at).TotalMilliseconds);
            }
        }

        await stop.CancelAsync();
        await following;
        return [.. times.Order()];
    }

    private static async Task FollowAsync(EtcdFleetStore store, ServiceDegradation follower, ChannelWriter<long> followed, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var fleet in store.WatchAsync(_ => { }, cancellationToken))
            {
                follower.Follow(fleet.GetValueOrDefault("orders"));
                followed.TryWrite(Stopwatch.GetTimestamp());
            }
        }
        catch (OperationCanceledException)
        {
            // The measurement is over.
        }
    }
}
