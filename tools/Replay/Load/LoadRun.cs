using Replay.Reporting;
using Replay.Shop;

namespace Replay.Load;

/// <summary>
/// Sends a plan's orders by the pacer's clock, at most so many in flight, and its cancellations once their orders are answered. Orders
/// that were accepted for later are watched beside the sending and hold no place in the queue. For one caller; the results may be read
/// when <see cref="SendAsync"/> is over, however it ended.
/// </summary>
internal sealed class LoadRun(Plan plan, ShopClient shop, LoadSettings settings, TimeProvider time) : IDisposable
{
    private readonly OrderWatch _watch = new(shop, settings, time);
    private readonly SemaphoreSlim _places = new(settings.Concurrency);
    private readonly List<OrderRun> _orders = [];
    private readonly List<CancellationRun> _cancellations = [];
    private readonly Dictionary<string, OrderRun> _byKey = new(StringComparer.Ordinal);
    private long _start;
    private long _lastAnswer;

    /// <summary>The orders that were sent, in the plan's order.</summary>
    public IReadOnlyList<OrderRun> Orders => _orders;

    /// <summary>The cancellations whose turn came, in the plan's order.</summary>
    public IReadOnlyList<CancellationRun> Cancellations => _cancellations;

    /// <summary>From the first order to the last answer.</summary>
    public TimeSpan Duration => _lastAnswer == 0 ? TimeSpan.Zero : time.GetElapsedTime(_start, _lastAnswer);

    /// <summary>The longest time from sending an order to seeing it confirmed or cancelled, of all that were seen so.</summary>
    public TimeSpan LongestToEnd =>
        _orders.Where(order => order.EndedAt is not null).Select(order => time.GetElapsedTime(order.SentAt, order.EndedAt!.Value)).DefaultIfEmpty().Max();

    /// <summary>
    /// Does all steps, and returns when every order has come to rest or its time to settle is over. That time begins when <paramref name="trouble"/> is over.
    /// </summary>
    public async Task SendAsync(Task trouble, IProgressStage progress, CancellationToken cancellationToken)
    {
        _watch.Trouble = trouble;
        _start = time.GetTimestamp();
        var pacer = new Pacer(settings.Rate, time);
        var work = new List<Task>();
        try
        {
            foreach (var step in plan.Steps)
            {
                work.Add(await BeginAsync(step, pacer, progress, cancellationToken));
            }

            await Task.WhenAll(work);
        }
        finally
        {
            // After an interruption the results have to stand still before anybody reads them.
            await Task.WhenAll(work).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <inheritdoc />
    public void Dispose() => _places.Dispose();

    private async ValueTask<Task> BeginAsync(PlanStep step, Pacer pacer, IProgressStage progress, CancellationToken cancellationToken)
    {
        if (step is PlannedCancellation cancellation)
        {
            var run = new CancellationRun(cancellation);
            _cancellations.Add(run);
            return CancelAsync(run, _byKey[cancellation.Order.Key], progress, cancellationToken);
        }

        var order = (PlannedOrder)step;
        var due = await pacer.WaitForNextAsync(cancellationToken);
        await _places.WaitAsync(cancellationToken);
        var orderRun = new OrderRun(order);
        _orders.Add(orderRun);
        _byKey.Add(order.Key, orderRun);
        return PlaceAsync(orderRun, due, progress, cancellationToken);
    }

    private async Task PlaceAsync(OrderRun run, long? due, IProgressStage progress, CancellationToken cancellationToken)
    {
        var sent = time.GetTimestamp();
        run.SentAt = sent;
        try
        {
            var answer = await shop.PlaceOrderAsync(run.Order.Key, run.Order.Request, cancellationToken);
            var now = time.GetTimestamp();
            run.Take(answer, time.GetElapsedTime(Math.Min(due ?? sent, sent), now), time.GetElapsedTime(sent, now), now);
        }
        finally
        {
            _places.Release();
            run.CompleteAnswer();
        }

        if (run.IsPending)
        {
            await _watch.UntilAsync(run, order => !order.IsPending, cancellationToken);
        }

        NoteAnswer();
        progress.Advance();
    }

    private async Task CancelAsync(CancellationRun run, OrderRun order, IProgressStage progress, CancellationToken cancellationToken)
    {
        await order.Answered.WaitAsync(cancellationToken);
        if (order.Id is not { } id)
        {
            run.Outcome = "not sent: the shop has not taken the order";
            progress.Advance();
            return;
        }

        await SendCancellationAsync(run, id, order, cancellationToken);
        if (run.Accepted)
        {
            await _watch.UntilAsync(order, cancelled => cancelled.Status == OrderStatus.Cancelled, cancellationToken);
        }

        NoteAnswer();
        progress.Advance();
    }

    private async Task SendCancellationAsync(CancellationRun run, Guid id, OrderRun order, CancellationToken cancellationToken)
    {
        await _places.WaitAsync(cancellationToken);
        try
        {
            var answer = await shop.CancelOrderAsync(id, cancellationToken);
            run.Accepted = answer.Status is 200 or 202;
            run.Failed = !run.Accepted;
            run.Outcome = run.Accepted ? $"accepted ({answer.Status})" : answer.ToString();
            order.CancelAccepted |= run.Accepted;
        }
        finally
        {
            _places.Release();
        }
    }

    private void NoteAnswer() => InterlockedMax(ref _lastAnswer, time.GetTimestamp());

    private static void InterlockedMax(ref long target, long value)
    {
        for (var seen = Volatile.Read(ref target); value > seen;)
        {
            var before = Interlocked.CompareExchange(ref target, value, seen);
            if (before == seen)
            {
                return;
            }

            seen = before;
        }
    }
}
