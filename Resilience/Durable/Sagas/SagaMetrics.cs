using System.Diagnostics.Metrics;

namespace ResilientShop.Resilience.Durable.Sagas;

/// <summary>What sagas report.</summary>
internal static class SagaMetrics
{
    private static readonly Counter<long> StartedCounter = DurableTelemetry.Meter.CreateCounter<long>("saga.started", "{saga}", "Sagas begun");
    private static readonly Counter<long> EndedCounter = DurableTelemetry.Meter.CreateCounter<long>("saga.ended", "{saga}", "Sagas that reached an end");
    private static readonly Counter<long> RetryCounter = DurableTelemetry.Meter.CreateCounter<long>("saga.step.retries", "{attempt}", "Attempts at steps that failed and are repeated");
    private static readonly Histogram<double> StepHistogram = DurableTelemetry.Meter.CreateHistogram<double>("saga.step.duration", "ms", "How long attempts at steps took");
    private static readonly Counter<long> TakenOverCounter = DurableTelemetry.Meter.CreateCounter<long>("saga.taken_over", "{saga}", "Sagas resumed from the table");
    private static readonly Counter<long> StuckCounter = DurableTelemetry.Meter.CreateCounter<long>("saga.stuck", "{saga}", "Sagas of which a step or compensation has begun to fail again and again");
    private static readonly Counter<long> HeldCounter = DurableTelemetry.Meter.CreateCounter<long>("saga.holds", "{saga}", "Sagas that began to wait for the cause of a failure to be healed");
    private static readonly Counter<long> FencedCounter = DurableTelemetry.Meter.CreateCounter<long>("saga.fenced", "{write}", "Writes refused because another instance owns the saga");

    public static void Started(SagaContext saga) => StartedCounter.Add(1, Name(saga));

    public static void Ended(SagaContext saga) =>
        EndedCounter.Add(1, Name(saga), new("saga.status", saga.Status.ToName()), new("error.type", saga.FailureCode));

    public static void Attempted(SagaContext saga, string step, string action, StepOutcome outcome, TimeSpan took) =>
        StepHistogram.Record(took.TotalMilliseconds, Name(saga), new("saga.step", step), new("saga.action", action), new("saga.outcome", outcome.Name));

    public static void Retried(SagaContext saga, string step, string? code) =>
        RetryCounter.Add(1, Name(saga), new("saga.step", step), new("error.type", code));

    public static void TakenOver(SagaContext saga) => TakenOverCounter.Add(1, Name(saga));

    public static void Stuck(SagaContext saga) => StuckCounter.Add(1, Name(saga));

    public static void Held(SagaContext saga) => HeldCounter.Add(1, Name(saga));

    public static void Fenced(SagaContext saga) => FencedCounter.Add(1, Name(saga));

    private static KeyValuePair<string, object?> Name(SagaContext saga) => new("saga.name", saga.Definition.Name);
}
