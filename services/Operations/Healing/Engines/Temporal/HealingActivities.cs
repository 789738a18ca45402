using System.Diagnostics;
using ResilientShop.Operations.Healing.Activities;
using ResilientShop.Operations.Healing.Workflow;
using Temporalio.Activities;

namespace ResilientShop.Operations.Healing.Engines.Temporal;

/// <summary>The activities of a healing as Temporal calls them: with its cancellation and heartbeats, each a span in the trace of what failed. Thread-safe.</summary>
internal sealed class HealingActivities(HealingDeeds deeds)
{
    private static CancellationToken Cancel => ActivityExecutionContext.Current.CancellationToken;

    [Activity("Diagnose")]
    public Task<Diagnosis> DiagnoseAsync(HealingInput input) => InTraceAsync("diagnose", input, () => deeds.DiagnoseAsync(input.LetterId, Cancel));

    [Activity("BeginAttempt")]
    public Task<AttemptPermit> BeginAttemptAsync(HealingInput input, int attempt, string? allowedBy) =>
        InTraceAsync("begin attempt", input, () => deeds.BeginAttemptAsync(input.LetterId, attempt, allowedBy, Cancel));

    [Activity("RollBack")]
    public Task<string> RollBackAsync(HealingInput input, int attempt, Diagnosis diagnosis, string? approvedBy) =>
        InTraceAsync("roll back", input, () => deeds.RollBackAsync(input.LetterId, attempt, diagnosis, approvedBy, Cancel));

    [Activity("Alert")]
    public Task<string> AlertAsync(HealingInput input, int attempt, Diagnosis diagnosis) =>
        InTraceAsync("alert", input, () => deeds.AlertAsync(input.LetterId, attempt, diagnosis, Cancel));

    [Activity("ReportMetrics")]
    public Task<bool> ReportMetricsAsync(HealingInput input, Diagnosis diagnosis) => InTraceAsync("report metrics", input, async () =>
    {
        await deeds.ReportMetricsAsync(input.LetterId, diagnosis, Cancel);
        return true;
    });

    [Activity("Replay")]
    public Task<ReplayResult> ReplayAsync(HealingInput input, int attempt) => InTraceAsync("replay", input, () => deeds.ReplayAsync(input.LetterId, attempt, Cancel));

    [Activity("Verify")]
    public Task<Verification> VerifyAsync(HealingInput input, int attempt)
    {
        var context = ActivityExecutionContext.Current;
        return InTraceAsync("verify", input, () => deeds.VerifyAsync(input.LetterId, attempt, () => context.Heartbeat(), Cancel));
    }

    [Activity("Escalate")]
    public Task<Escalation> EscalateAsync(HealingInput input, int look, string reason) =>
        InTraceAsync("escalate", input, () => deeds.EscalateAsync(input.LetterId, look, reason, Cancel));

    [Activity("End")]
    public Task<bool> EndAsync(HealingInput input, HealingEnd end) => InTraceAsync("end healing", input, async () =>
    {
        await deeds.EndAsync(input.LetterId, end, Cancel);
        return true;
    });

    private static async Task<T> InTraceAsync<T>(string name, HealingInput input, Func<Task<T>> deed)
    {
        using var span = HealingTrace.Continue(name, input.Traceparent);
        span?.SetTag("healing.letter", input.LetterId.ToString());
        try
        {
            return await deed();
        }
        catch (Exception exception)
        {
            span?.SetStatus(ActivityStatusCode.Error, exception.Message);
            throw;
        }
    }
}
