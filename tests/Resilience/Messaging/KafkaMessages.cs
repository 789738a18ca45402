using System.Text;
using Confluent.Kafka;

namespace Resilience.Tests.Messaging;

/// <summary>A message as a stranger sends it.</summary>
internal sealed record StrangersMessage(string? Id, string Key, byte[] Value, string Topic = "trips", string? Traceparent = null)
{
    public StrangersMessage(string? id, string text, string key = "k", string topic = "trips")
        : this(id, key, Encoding.UTF8.GetBytes(text), topic)
    {
    }
}

/// <summary>Messages written without the outbox, as strangers would.</summary>
internal static class KafkaMessages
{
    public static Task ProduceAsync(MockKafka kafka, params (string? Id, string Text)[] messages) =>
        SendAsync(kafka, [.. messages.Select(message => new StrangersMessage(message.Id, message.Text))]);

    public static async Task SendAsync(MockKafka kafka, params StrangersMessage[] messages)
    {
        var config = new ProducerConfig { BootstrapServers = kafka.BootstrapServers, MessageMaxBytes = 20_000_000, LingerMs = 0, EnableIdempotence = true };
        using var producer = new ProducerBuilder<string, byte[]>(config).SetLogHandler((_, _) => { }).Build();
        await Task.WhenAll(messages.Select(message => producer.ProduceAsync(
            message.Topic, new Message<string, byte[]> { Key = message.Key, Value = message.Value, Headers = Headers(message) }, MessagingWorld.Cancel)));
    }

    public static string Text(this ConsumeResult<string, byte[]> message) => Encoding.UTF8.GetString(message.Message.Value);

    public static string Header(this ConsumeResult<string, byte[]> message, string name) =>
        Encoding.UTF8.GetString(message.Message.Headers.GetLastBytes(name));

    private static Headers Headers(StrangersMessage message)
    {
        var headers = new Headers();
        if (message.Id is { } id)
        {
            headers.Add("message-id", Encoding.UTF8.GetBytes(id));
        }

        if (message.Traceparent is { } traceparent)
        {
            headers.Add("traceparent", Encoding.UTF8.GetBytes(traceparent));
        }

        return headers;
    }
}
