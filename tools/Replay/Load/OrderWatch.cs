using Replay.Shop;

namespace Replay.Load;

/// <summary>Looks at an order again and again until it has come to rest.</summary>
internal sealed class OrderWatch(ShopClient shop, LoadSettings settings, TimeProvider time)
{
    /// <summary>While this goes on, nothing has to settle: the time for that begins when it is over.</summary>
    public Task Trouble { get; set; } = Task.CompletedTask;

    /// <summary>Returns when <paramref name="done"/> holds for the order, or when its time to settle is over.</summary>
    public async Task UntilAsync(OrderRun run, Func<OrderRun, bool> done, CancellationToken cancellationToken)
    {
        var start = time.GetTimestamp();
        for (var wait = settings.FirstLook; !done(run) && time.GetElapsedTime(start) < settings.Settle; wait = Longer(wait))
        {
            await Task.Delay(wait, time, cancellationToken);
            var answer = await shop.GetOrderAsync(run.Id!.Value, cancellationToken);
            if (answer.Body is { } view)
            {
                run.See(view, time.GetTimestamp());
            }

            if (!Trouble.IsCompleted)
            {
                start = time.GetTimestamp();
            }
        }

        run.IsLate |= !done(run);
    }

    private TimeSpan Longer(TimeSpan wait) => TimeSpan.FromTicks(Math.Min(wait.Ticks * 3 / 2, settings.SlowestLook.Ticks));
}
