using System.Text;
using System.Text.Json;
using Confluent.Kafka;
using ResilientShop.Contracts;

namespace ResilientShop.Services.Tests.Operations;

/// <summary>librdkafka's own in-memory cluster, which speaks the real protocol, and a producer to it.</summary>
internal sealed class MockKafka : IDisposable
{
    private readonly IProducer<string, byte[]> _producer;

    public MockKafka()
    {
        _producer = new ProducerBuilder<string, byte[]>(new ProducerConfig { BootstrapServers = "mock", Acks = Acks.All }
            .With("test.mock.num.brokers", "1")).Build();
        using var admin = new DependentAdminClientBuilder(_producer.Handle).Build();
        var broker = admin.GetMetadata(TimeSpan.FromSeconds(10)).Brokers[0];
        BootstrapServers = $"{broker.Host}:{broker.Port}";
    }

    public string BootstrapServers { get; }

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

internal static class ClientConfigExtensions
{
    public static ProducerConfig With(this ProducerConfig config, string name, string value)
    {
        config.Set(name, value);
        return config;
    }
}
