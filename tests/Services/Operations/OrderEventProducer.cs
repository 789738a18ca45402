using System.Text;
using System.Text.Json;
using Confluent.Kafka;

namespace Services.Tests.Operations;

/// <summary>Sends events as the outbox does.</summary>
internal sealed class OrderEventProducer(string bootstrapServers) : IDisposable
{
    private readonly IProducer<string, byte[]> _producer = new ProducerBuilder<string, byte[]>(
        new ProducerConfig { BootstrapServers = bootstrapServers, Acks = Acks.All }).Build();

    public Task SendAsync(OrderEvent value) => SendAsync(JsonSerializer.SerializeToUtf8Bytes(value, JsonSerializerOptions.Web), value.OrderId, value.EventId);

    public Task SendAsync(byte[] payload, Guid orderId, Guid messageId) => _producer.ProduceAsync(
        Topics.OrderEvents,
        new Message<string, byte[]>
        {
            Key = orderId.ToString(),
            Value = payload,
            Headers = new Headers { { "message-id", Encoding.UTF8.GetBytes(messageId.ToString()) } },
        },
        TestContext.Current.CancellationToken);

    public void Dispose() => _producer.Dispose();
}
