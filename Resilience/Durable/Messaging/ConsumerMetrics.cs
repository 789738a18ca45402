using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace ResilientShop.Resilience.Durable.Messaging;

/// <summary>What consumers report.</summary>
internal static class ConsumerMetrics
{
    private static readonly Counter<long> HandledCounter =
        DurableTelemetry.Meter.CreateCounter<long>("inbox.handled", "{message}", "Messages that had their effect");

    private static readonly Counter<long> RepeatedCounter =
        DurableTelemetry.Meter.CreateCounter<long>("inbox.repeated", "{message}", "Messages that had had their effect before");

    private static readonly Counter<long> ParkedCounter =
        DurableTelemetry.Meter.CreateCounter<long>("inbox.parked", "{message}", "Messages that could not be decoded");

    private static readonly Counter<long> DeadLetteredCounter =
        DurableTelemetry.Meter.CreateCounter<long>("inbox.dead_lettered", "{message}", "Messages that went to the dead letters");

    public static void Handled(string topic, string group, int fresh, int repeated)
    {
        var tags = Tags(topic, group);
        HandledCounter.Add(fresh, tags);
        if (repeated > 0)
        {
            RepeatedCounter.Add(repeated, tags);
        }
    }

    public static void Parked(string topic, string group) => ParkedCounter.Add(1, Tags(topic, group));

    public static void DeadLettered(string topic, string group, string code)
    {
        var tags = Tags(topic, group);
        tags.Add("error.type", code);
        DeadLetteredCounter.Add(1, tags);
    }

    private static TagList Tags(string topic, string group) =>
        new() { { "messaging.destination.name", topic }, { "messaging.consumer.group.name", group } };
}
