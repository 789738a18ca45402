using Npgsql;
using ResilientShop.Contracts;
using ResilientShop.Resilience.Durable.Messaging;

namespace ResilientShop.Operations.OrderFlow;

/// <summary>Reads the summary in one round trip. Thread-safe.</summary>
internal sealed class OrderFlowReader(NpgsqlDataSource database, [FromKeyedServices(Topics.OrderEvents)] ConsumerStatus consumer, TimeProvider time)
{
    public async Task<OrderFlowSummary> ReadAsync(CancellationToken cancellationToken)
    {
        await using var batch = database.CreateBatch();
        batch.BatchCommands.Add(new NpgsqlBatchCommand("SELECT type, count FROM event_counts ORDER BY type"));
        batch.BatchCommands.Add(new NpgsqlBatchCommand("SELECT currency, orders, trim_scale(amount) FROM confirmed_money ORDER BY currency"));
        batch.BatchCommands.Add(new NpgsqlBatchCommand(
            "SELECT event_id, type, order_id, currency, trim_scale(total), failure_code, occurred_at FROM recent_events ORDER BY sequence DESC"));
        await using var rows = await batch.ExecuteReaderAsync(cancellationToken);

        var events = new OrderedDictionary<string, long>();
        while (await rows.ReadAsync(cancellationToken))
        {
            events[rows.GetString(0)] = rows.GetInt64(1);
        }

        await rows.NextResultAsync(cancellationToken);
        var money = new List<ConfirmedMoney>();
        while (await rows.ReadAsync(cancellationToken))
        {
            money.Add(new ConfirmedMoney(rows.GetString(0), rows.GetInt64(1), rows.GetDecimal(2)));
        }

        await rows.NextResultAsync(cancellationToken);
        var recent = new List<RecentEvent>(OrderFlowSql.RecentEvents);
        while (await rows.ReadAsync(cancellationToken))
        {
            recent.Add(ReadEvent(rows));
        }

        return new OrderFlowSummary(
            time.GetUtcNow(), events, money, recent, new ConsumerView(consumer.Problem, consumer.Handled, consumer.Parked, consumer.DeadLettered));
    }

    private static RecentEvent ReadEvent(NpgsqlDataReader row) => new(
        row.GetGuid(0),
        row.GetString(1),
        row.GetGuid(2),
        row.GetString(3),
        row.GetDecimal(4),
        row.IsDBNull(5) ? null : row.GetString(5),
        row.GetFieldValue<DateTimeOffset>(6));
}
