using System.Text.Json;
using Npgsql;
using ResilientShop.Contracts;
using ResilientShop.Resilience.Durable.Messaging;

namespace ResilientShop.Operations.OrderFlow;

/// <summary>Adds the events of orders up, each once, in the transaction of the inbox. Thread-safe.</summary>
internal sealed class OrderEventHandler : IMessageHandler<OrderEvent>
{
    public OrderEvent Decode(ReadOnlySpan<byte> payload, string? type)
    {
        var value = JsonSerializer.Deserialize<OrderEvent>(payload, JsonSerializerOptions.Web) ?? throw new JsonException("The payload is null.");
        return value switch
        {
            { EventId: var id } when id == Guid.Empty => throw new JsonException("eventId is missing; it must be a UUID."),
            { OrderId: var id } when id == Guid.Empty => throw new JsonException("orderId is missing; it must be a UUID."),
            { Type: null or "" } => throw new JsonException("type is missing; it must name the event."),
            { Currency: null or "" } => throw new JsonException("currency is missing; it must be three upper-case letters."),
            { Type: var name } when IsUnreadable(name) => throw new JsonException("type has control characters or more than 100; it must name the event."),
            { Currency: var currency } when IsUnreadable(currency) => throw new JsonException("currency has control characters; it must be three upper-case letters."),
            { FailureCode: { } code } when IsUnreadable(code) => throw new JsonException("failureCode has control characters or more than 100; it must be a code."),
            _ => value,
        };
    }

    /// <summary>Text that the database would refuse (it takes no zero character), and with it every other message of the batch.</summary>
    private static bool IsUnreadable(string text) => text.Length > 100 || text.Any(char.IsControl);

    public async Task HandleAsync(
        IReadOnlyList<ConsumedMessage<OrderEvent>> messages, NpgsqlConnection connection, NpgsqlTransaction transaction, CancellationToken cancellationToken)
    {
        var events = messages.Select(message => message.Value).ToArray();
        await using var batch = new NpgsqlBatch(connection, transaction)
        {
            BatchCommands =
            {
                OrderFlowSql.Count(events),
                OrderFlowSql.Confirm([.. events.Where(one => one.Type == OrderEventTypes.Confirmed)]),
                OrderFlowSql.Cancel([.. events.Where(one => one.Type == OrderEventTypes.Cancelled)]),
                OrderFlowSql.Remember(events),
                OrderFlowSql.Forget(),
            },
        };
        await batch.ExecuteNonQueryAsync(cancellationToken);
    }
}
