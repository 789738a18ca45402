using System.Text.Json;
using ResilientShop.Contracts;
using ResilientShop.Resilience.Durable.Messaging;

namespace ResilientShop.Orders.Records;

/// <summary>What the world is told about an order.</summary>
internal static class OrderMessages
{
    public static OutboxMessage Create(string type, Order order, string? failureCode, DateTimeOffset at)
    {
        var message = new OrderEvent(
            Guid.CreateVersion7(), type, order.Id, order.CustomerId, order.Currency, order.Total, order.Lines.Count, failureCode, at);
        return new OutboxMessage(
            message.EventId, Topics.OrderEvents, order.Id.ToString(), type, JsonSerializer.SerializeToUtf8Bytes(message, JsonSerializerOptions.Web));
    }
}
