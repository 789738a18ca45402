using System.Diagnostics.Metrics;
using ResilientShop.Resilience.Durable;

namespace ResilientShop.Operations.Healing.Activities;

/// <summary>What healings report. Thread-safe.</summary>
internal static class HealingMetrics
{
    public const string MeterName = "ResilientShop.Operations";

    private static readonly Meter Meter = new(MeterName);
    private static readonly Counter<long> Attempts = Meter.CreateCounter<long>("healing.attempts", "{attempt}", "Tries to heal the cause of a dead letter");
    private static readonly Counter<long> Ended = Meter.CreateCounter<long>("healing.ended", "{healing}", "Healings that ended");
    private static readonly Histogram<double> Duration = Meter.CreateHistogram<double>("healing.duration", "s", "From the failure to the end of its healing");

    public static void Attempted(DeadLetter letter, string cause) =>
        Attempts.Add(1, new("service.name", letter.ServiceName), new("healing.operation", letter.Operation), new("error.type", letter.ErrorCode), new("healing.cause", cause));

    public static void End(DeadLetter letter, string outcome, TimeSpan took)
    {
        Ended.Add(1, new("service.name", letter.ServiceName), new("error.type", letter.ErrorCode), new("healing.outcome", outcome));
        Duration.Record(took.TotalSeconds, new KeyValuePair<string, object?>("healing.outcome", outcome));
    }
}
