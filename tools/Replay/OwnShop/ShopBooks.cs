using System.Text.Json;
using Replay.Books;
using Replay.Load;

namespace Replay.OwnShop;

/// <summary>
/// What can only be checked of a shop that nobody else uses: that its outbox is empty, and that each order was announced exactly once.
/// </summary>
internal sealed class ShopBooks(ShopAddresses shop, TimeSpan patience, TimeProvider time) : IDisposable
{
    private const string OrdersInstances = "orders-";

    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(250);

    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(5) };

    /// <summary>Waits until the books are right, or patience is over, and says what is wrong then.</summary>
    public async Task<ShopBooksResult> CheckAsync(IReadOnlyList<OrderRun> orders, CancellationToken cancellationToken)
    {
        var start = time.GetTimestamp();
        while (true)
        {
            var events = await TryAsync("operations", EventsAsync, cancellationToken);
            var pending = await PendingAsync(cancellationToken);
            Violation[] violations = [.. JudgeEvents(events, orders), .. JudgeOutbox(pending)];
            if (violations.Length == 0 || time.GetElapsedTime(start) > patience)
            {
                return new ShopBooksResult(violations, events, pending, await TryAsync("prometheus", ResumedAsync, cancellationToken) is { } resumed ? (long)resumed : null);
            }

            await Task.Delay(Look, time, cancellationToken);
        }
    }

    /// <inheritdoc />
    public void Dispose() => _http.Dispose();

    private static IEnumerable<Violation> JudgeEvents(EventCounts? events, IReadOnlyList<OrderRun> orders)
    {
        if (events is null)
        {
            yield return new Violation(Rules.Readable, "Operations does not tell which events have arrived (GET /api/summary)");
        }
        else if (orders.All(order => order.Id is not null && !order.IsPending))
        {
            foreach (var difference in events.Differences(orders))
            {
                yield return new Violation(Rules.AnnouncedOnce, difference);
            }
        }
    }

    private static IEnumerable<Violation> JudgeOutbox(long? pending)
    {
        if (pending is not 0)
        {
            yield return new Violation(Rules.OutboxDrained, pending is null ? "no instance of Orders tells what is in the outbox" : $"{pending} messages are still in the outbox of Orders");
        }
    }

    private async Task<EventCounts?> EventsAsync(Uri operations, CancellationToken cancellationToken) =>
        EventCounts.Parse(await _http.GetStringAsync(new Uri(operations, "api/summary"), cancellationToken));

    /// <summary>What the relay, one of the instances, found in the table; null while none is.</summary>
    private async Task<long?> PendingAsync(CancellationToken cancellationToken)
    {
        long? most = null;
        foreach (var instance in shop.Instances.Where(instance => instance.Address is not null && instance.Name.StartsWith(OrdersInstances, StringComparison.Ordinal)))
        {
            var text = await TryAsync(() => _http.GetStringAsync(new Uri(instance.Address!, "metrics"), cancellationToken), cancellationToken);
            foreach (var value in PrometheusText.Values(text ?? "", "outbox_pending"))
            {
                most = Math.Max(most ?? 0, (long)value);
            }
        }

        return most;
    }

    private async Task<double?> ResumedAsync(Uri prometheus, CancellationToken cancellationToken)
    {
        // What services ask of themselves to get warm is no work that was resumed.
        const string Query = "saga_taken_over_total{saga!=\"warm-up\"}[2h]";
        return PrometheusText.Growth(await _http.GetStringAsync(new Uri(prometheus, $"api/v1/query?query={Uri.EscapeDataString(Query)}"), cancellationToken));
    }

    private async Task<T?> TryAsync<T>(string resource, Func<Uri, CancellationToken, Task<T?>> read, CancellationToken cancellationToken) =>
        shop.Addresses.TryGetValue(resource, out var address) ? await TryAsync(() => read(address, cancellationToken), cancellationToken) : default;

    private static async Task<T?> TryAsync<T>(Func<Task<T>> read, CancellationToken cancellationToken)
    {
        try
        {
            return await read();
        }
        catch (Exception error) when (error is HttpRequestException or JsonException or OperationCanceledException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return default;
        }
    }
}

/// <summary>What the check of the shop's own books found.</summary>
/// <param name="Violations">Broken rules.</param>
/// <param name="Events">What arrived; null when Operations did not tell.</param>
/// <param name="OutboxPending">Messages in the outbox; null when nobody told.</param>
/// <param name="SagasResumed">Sagas that an instance resumed from the table, at least; null without Prometheus.</param>
internal sealed record ShopBooksResult(IReadOnlyList<Violation> Violations, EventCounts? Events, long? OutboxPending, long? SagasResumed);
