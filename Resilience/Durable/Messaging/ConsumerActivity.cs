using System.Diagnostics;

namespace ResilientShop.Resilience.Durable.Messaging;

/// <summary>Spans of consumers.</summary>
internal static class ConsumerActivity
{
    /// <summary>
    /// A span for messages that are handled together. A single message continues its sender's trace; several belong to many traces, so their span
    /// starts its own and links to them, as the messaging conventions of OpenTelemetry ask.
    /// </summary>
    public static Activity? Start<T>(IReadOnlyList<ConsumedEntry<T>> entries, string topic, string group)
    {
        var senders = entries.Where(entry => entry.Sender.TraceId != default).Select(entry => entry.Sender).ToList();
        var activity = DurableTelemetry.Source.StartActivity(
            $"process {topic}",
            ActivityKind.Consumer,
            senders.Count == 1 ? senders[0] : default,
            links: senders.Count > 1 ? senders.Select(sender => new ActivityLink(sender)) : null);
        activity?.SetTag("messaging.system", "kafka");
        activity?.SetTag("messaging.operation.type", "process");
        activity?.SetTag("messaging.operation.name", "process");
        activity?.SetTag("messaging.destination.name", topic);
        activity?.SetTag("messaging.consumer.group.name", group);
        activity?.SetTag("messaging.batch.message_count", entries.Count);
        return activity;
    }

    public static void Fail(this Activity? activity, Exception exception)
    {
        activity?.SetStatus(ActivityStatusCode.Error, exception.Message);
        activity?.SetTag("error.type", exception.GetType().FullName);
    }
}
