using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace ResilientShop.Resilience.Durable.Sagas;

/// <summary>
/// Drives the sagas this instance holds, keeps their leases, takes over those that nobody drives, at once when it is told of them and otherwise at its next look,
/// and tells waiters about ends that happened elsewhere. When it stops it lets its sagas go on for a moment, then hands them over.
/// </summary>
internal sealed class SagaCoordinator(
    ISagaStore store,
    ISagaRecords records,
    SagaRegistration registration,
    SagaEngine engine,
    SagaQueue queue,
    SagaWaiters waiters,
    SagaGauges gauges,
    SagaOptions options,
    TimeProvider time,
    ILogger<SagaCoordinator> logger) : BackgroundService
{
    /// <summary>How often to look at most, where sagas come due one after the other.</summary>
    private const int LooksPerInterval = 20;

    private const int ForgottenAtOnce = 1_000;

    private static readonly TimeSpan ForgettingInterval = TimeSpan.FromMinutes(1);

    /// <summary>Timers count whole milliseconds, and a lease is over after its end.</summary>
    private static readonly TimeSpan Margin = TimeSpan.FromMilliseconds(2);

    private readonly AsyncSignal _released = new();

    public override void Dispose()
    {
        _released.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await RegisterAsync(stoppingToken);
        using var work = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        var workers = Enumerable.Range(0, options.MaxConcurrency).Select(_ => WorkAsync(work.Token, stoppingToken)).ToArray();
        await Task.WhenAll(
            TakeOverAsync(stoppingToken), ListenAsync(stoppingToken), RenewAsync(stoppingToken), WatchAsync(stoppingToken), MeasureAsync(stoppingToken),
            ForgetAsync(stoppingToken));
        await DrainAsync(workers, work);
    }

    /// <summary>Ends the host, by its exception, where a definition does not fit the sagas that are under way: driving them on would do harm.</summary>
    private async Task RegisterAsync(CancellationToken stopping)
    {
        using var unrecorded = DurableTelemetry.Unrecorded();
        SagaDefinitionException? wrong = null;
        var isRegistered = false;
        await UntilAsync(
            async () =>
            {
                try
                {
                    await registration.EnsureAsync(stopping);
                }
                catch (SagaDefinitionException exception)
                {
                    wrong = exception;
                }

                isRegistered = true;
            },
            () => isRegistered,
            stopping);
        if (wrong is not null)
        {
            throw wrong;
        }
    }

    private async Task ListenAsync(CancellationToken stopping)
    {
        using var unrecorded = DurableTelemetry.Unrecorded();
        await UntilStoppedAsync(() => store.ListenAsync(_released.Set, stopping), stopping);
    }

    private async Task MeasureAsync(CancellationToken stopping)
    {
        using var unrecorded = DurableTelemetry.Unrecorded();
        using var timer = new PeriodicTimer(options.MeasureInterval, time);
        await UntilStoppedAsync(
            async () =>
            {
                gauges.Measured(await records.MeasureAsync(options.OverdueAfter, stopping));
                await timer.WaitForNextTickAsync(stopping);
            },
            stopping);
    }

    /// <summary>Removes old ends a thousand at a time, so that no statement is long, and goes on at once while there are more.</summary>
    private async Task ForgetAsync(CancellationToken stopping)
    {
        if (options.KeepFinished is not { } kept)
        {
            return;
        }

        using var unrecorded = DurableTelemetry.Unrecorded();
        using var timer = new PeriodicTimer(ForgettingInterval, time);
        await UntilStoppedAsync(
            async () =>
            {
                if (await records.ForgetAsync(kept, ForgottenAtOnce, stopping) < ForgottenAtOnce)
                {
                    await timer.WaitForNextTickAsync(stopping);
                }
            },
            stopping);
    }

    private async Task WorkAsync(CancellationToken working, CancellationToken stopping)
    {
        await Task.Yield();
        await UntilStoppedAsync(
            async () =>
            {
                var saga = await queue.Reader.ReadAsync(stopping);
                await DriveAsync(saga, working);
            },
            stopping);
    }

    private async Task DriveAsync(SagaContext saga, CancellationToken cancellationToken)
    {
        SagaResult? result = null;
        try
        {
            result = await engine.RunAsync(saga, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            logger.HandedOver(saga.Definition.Name, saga.Id);
        }
        catch (Exception exception)
        {
            // Its lease runs out, and whoever takes it over continues from the last write.
            logger.Abandoned(exception, saga.Definition.Name, saga.Id);
        }
        finally
        {
            queue.Remove(saga);
        }

        if (result is not null)
        {
            waiters.Signal(result);
        }
    }

    private async Task TakeOverAsync(CancellationToken stopping)
    {
        using var unrecorded = DurableTelemetry.Unrecorded();
        await UntilStoppedAsync(
            async () =>
            {
                var limit = Math.Min(queue.Room, options.MaxConcurrency);
                var claimed = await store.ClaimAsync(limit, stopping);
                foreach (var saga in claimed)
                {
                    SagaMetrics.TakenOver(saga);
                    queue.TryEnqueue(saga);
                }

                if (limit == 0 || claimed.Count < limit)
                {
                    await WaitForWorkAsync(limit == 0 ? options.PollInterval : await UntilNextLookAsync(stopping), stopping);
                }
            },
            stopping);
    }

    /// <summary>A lease that runs out between two looks is not left until the second.</summary>
    private async Task<TimeSpan> UntilNextLookAsync(CancellationToken stopping)
    {
        var due = await store.UntilNextDueAsync(stopping) + Margin ?? options.PollInterval;
        var soonest = options.PollInterval / LooksPerInterval;
        return due < soonest ? soonest : due < options.PollInterval ? due : options.PollInterval;
    }

    private async Task WaitForWorkAsync(TimeSpan atMost, CancellationToken stopping)
    {
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        var released = _released.WaitAsync(Timeout.InfiniteTimeSpan, enough.Token);
        await Task.WhenAny(released, Task.Delay(atMost, time, enough.Token));
        await enough.CancelAsync();
        await ((Task)released).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task RenewAsync(CancellationToken stopping)
    {
        using var unrecorded = DurableTelemetry.Unrecorded();
        var third = options.Lease / 3;
        using var timer = new PeriodicTimer(third, time);
        await UntilStoppedAsync(
            async () =>
            {
                await timer.WaitForNextTickAsync(stopping);
                if (queue.LeasedFor(third) is { Count: > 0 } aging)
                {
                    var owned = await store.RenewAsync(aging, stopping);
                    queue.Renewed(aging.Where(saga => owned.Contains(saga.Id)));
                }
            },
            stopping);
    }

    /// <summary>Looks after sagas that someone here waits for and that are driven elsewhere. Costs nothing while nobody waits.</summary>
    private async Task WatchAsync(CancellationToken stopping)
    {
        using var unrecorded = DurableTelemetry.Unrecorded();
        await UntilStoppedAsync(
            async () =>
            {
                await waiters.Arrived.WaitAsync(Timeout.InfiniteTimeSpan, stopping);
                while (waiters.Ids() is { Length: > 0 } ids)
                {
                    await Task.Delay(options.WatchInterval, time, stopping);
                    await TellAsync([.. ids.Where(id => !queue.Holds(id))], stopping);
                }
            },
            stopping);
    }

    private async Task TellAsync(Guid[] elsewhere, CancellationToken cancellationToken)
    {
        if (elsewhere.Length == 0)
        {
            return;
        }

        foreach (var result in await store.FindFinishedAsync(elsewhere, cancellationToken))
        {
            waiters.Signal(result);
        }
    }

    /// <summary>Repeats <paramref name="action"/> until the instance stops; an absent database interrupts it, nothing else ends it.</summary>
    private Task UntilStoppedAsync(Func<Task> action, CancellationToken stopping) => UntilAsync(action, () => false, stopping);

    private async Task UntilAsync(Func<Task> action, Func<bool> isEnough, CancellationToken stopping)
    {
        var isAway = false;
        while (!isEnough() && !stopping.IsCancellationRequested)
        {
            try
            {
                if (isAway)
                {
                    await Task.Delay(options.PollInterval, time, stopping);
                }

                await action();
                if (isAway)
                {
                    isAway = false;
                    logger.Back();
                }
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception)
            {
                if (!isAway)
                {
                    logger.Away(exception.Message);
                }

                isAway = true;
            }
        }
    }

    private async Task DrainAsync(Task[] workers, CancellationTokenSource work)
    {
        work.CancelAfter(options.DrainTime);
        await Task.WhenAll(workers);
        try
        {
            using var patience = new CancellationTokenSource(options.DrainTime, time);
            await store.ReleaseAllAsync(patience.Token);
        }
        catch (Exception exception) when (exception is NpgsqlException or OperationCanceledException)
        {
            logger.NotReleased(options.Lease.TotalSeconds, exception.Message);
        }
    }
}
