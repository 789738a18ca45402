using Npgsql;
using NpgsqlTypes;
using ResilientShop.Contracts;

namespace ResilientShop.Operations.OrderFlow;

/// <summary>
/// The statements that add events up: one for a whole batch of events each, rows always in key order so that two instances never deadlock.
/// </summary>
internal static class OrderFlowSql
{
    /// <summary>How many of the last events are kept.</summary>
    public const int RecentEvents = 50;

    public static NpgsqlBatchCommand Count(IEnumerable<OrderEvent> events) => new(
        """
        INSERT INTO event_counts AS counted (type, count)
        SELECT type, count(*) FROM unnest($1) AS type GROUP BY type ORDER BY type
        ON CONFLICT (type) DO UPDATE SET count = counted.count + excluded.count
        """)
    {
        Parameters = { Array(events, one => one.Type) },
    };

    public static NpgsqlBatchCommand Confirm(IReadOnlyCollection<OrderEvent> events) => new(
        """
        WITH confirmed AS (
            INSERT INTO confirmed_orders (order_id, currency, total)
            SELECT * FROM unnest($1, $2, $3) AS one (order_id, currency, total) ORDER BY order_id
            ON CONFLICT (order_id) DO NOTHING
            RETURNING currency, total)
        INSERT INTO confirmed_money AS money (currency, orders, amount)
        SELECT currency, count(*), sum(total) FROM confirmed GROUP BY currency ORDER BY currency
        ON CONFLICT (currency) DO UPDATE SET orders = money.orders + excluded.orders, amount = money.amount + excluded.amount
        """)
    {
        Parameters = { Array(events, one => one.OrderId), Array(events, one => one.Currency), Array(events, one => one.Total) },
    };

    public static NpgsqlBatchCommand Cancel(IReadOnlyCollection<OrderEvent> events) => new(
        """
        WITH cancelled AS (
            DELETE FROM confirmed_orders WHERE order_id = ANY ($1) RETURNING currency, total),
        back AS (
            SELECT currency, count(*) AS orders, sum(total) AS amount FROM cancelled GROUP BY currency)
        INSERT INTO confirmed_money AS money (currency, orders, amount)
        SELECT currency, -orders, -amount FROM back ORDER BY currency
        ON CONFLICT (currency) DO UPDATE SET orders = money.orders + excluded.orders, amount = money.amount + excluded.amount
        """)
    {
        Parameters = { Array(events, one => one.OrderId) },
    };

    public static NpgsqlBatchCommand Remember(IEnumerable<OrderEvent> events)
    {
        var last = events.TakeLast(RecentEvents).ToArray();
        return new NpgsqlBatchCommand(
            """
            INSERT INTO recent_events (event_id, type, order_id, currency, total, failure_code, occurred_at)
            SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7)
            """)
        {
            Parameters =
            {
                Array(last, one => one.EventId),
                Array(last, one => one.Type),
                Array(last, one => one.OrderId),
                Array(last, one => one.Currency),
                Array(last, one => one.Total),
                new NpgsqlParameter { Value = last.Select(one => one.FailureCode).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text },
                Array(last, one => one.OccurredAt.UtcDateTime),
            },
        };
    }

    public static NpgsqlBatchCommand Forget() =>
        new($"DELETE FROM recent_events WHERE sequence <= (SELECT max(sequence) FROM recent_events) - {RecentEvents}");

    private static NpgsqlParameter<T[]> Array<T>(IEnumerable<OrderEvent> events, Func<OrderEvent, T> select) =>
        new() { TypedValue = [.. events.Select(select)] };
}
