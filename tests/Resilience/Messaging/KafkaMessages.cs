using System.Text;
using Confluent.Kafka;
using ResilientShop.Tests;

namespace ResilientShop.Resilience.Tests.Messaging;

/// <summary>Messages written without the outbox, as strangers would.</summary>
internal static class KafkaMessages
{
    public static async Task ProduceAsync(MockKafka kafka, params (string? Id, string Text)[] messages)
    {
        using var producer = new ProducerBuilder<string, byte[]>(new ProducerConfig { BootstrapServers = kafka.BootstrapServers }).Build();
        foreach (var (id, text) in messages)
        {
            var headers = new Headers();
            if (id is not null)
            {
                headers.Add("message-id", Encoding.UTF8.GetBytes(id));
            }

            await producer.ProduceAsync(
                "trips", new Message<string, byte[]> { Key = "k", Value = Encoding.UTF8.GetBytes(text), Headers = headers }, MessagingWorld.Cancel);
        }
    }

    public static string Text(this ConsumeResult<string, byte[]> message) => Encoding.UTF8.GetString(message.Message.Value);

    public static string Header(this ConsumeResult<string, byte[]> message, string name) =>
        Encoding.UTF8.GetString(message.Message.Headers.GetLastBytes(name));
}
