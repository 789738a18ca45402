using System.Text;
using Confluent.Kafka;

namespace ResilientShop.Resilience.Durable.Messaging;

/// <summary>Names of the Kafka headers this library writes and reads.</summary>
public static class MessageHeaders
{
    /// <summary>Identifier of the message, the same on every redelivery.</summary>
    public const string MessageId = "message-id";

    /// <summary>What the payload is.</summary>
    public const string MessageType = "message-type";

    /// <summary>W3C trace context of the sender.</summary>
    public const string TraceParent = "traceparent";

    /// <summary>The only consumer group that the message is for; absent for all.</summary>
    public const string OnlyGroup = "only-group";

    internal static void AddText(this Headers headers, string name, string value) => headers.Add(name, Encoding.UTF8.GetBytes(value));

    internal static string? FindText(this Headers? headers, string name) =>
        headers is not null && headers.TryGetLastBytes(name, out var bytes) && bytes is not null ? Encoding.UTF8.GetString(bytes) : null;
}
