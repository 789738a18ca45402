using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging;

namespace ResilientShop.Resilience.Http;

/// <summary>Writes each change of a service's degradation to the log, with all it was decided on, and into the traces, and counts it.</summary>
internal sealed partial class DegradationReport(ResilienceMetrics metrics, ILogger<DegradationReport> logger) : IDegradationListener
{
    public void OnChange(DegradationChange change)
    {
        metrics.Moved(change);
        Trace(change);
        var level = change.To.Level > change.From.Level ? LogLevel.Warning : LogLevel.Information;
        if (change.Decision?.Reading is { } reading)
        {
            LogDecision(
                level, change.Service, change.From.Level, change.To.Level, change.To.NormalShare, change.Reason, change.Decision.Crossed, reading.All.Requests,
                reading.All.Failures, reading.All.P99.TotalMilliseconds, reading.Rate, reading.Slope, reading.Recovered.Requests, reading.Recovered.Failures, reading.Recovered.Slow);
        }
        else
        {
            LogChange(level, change.Service, change.From.Level, change.To.Level, change.To.NormalShare, change.Reason);
        }
    }

    /// <summary>A span of no length and of no request, so that the change stands among the traces at its time.</summary>
    private static void Trace(DegradationChange change)
    {
        var caller = Activity.Current;
        Activity.Current = null;
        using (var activity = ResilienceMetrics.Source.StartActivity($"degradation {change.To.Level}"))
        {
            activity?.SetTag("resilience.service", change.Service);
            activity?.SetTag("resilience.degradation.from", change.From.Level.ToString());
            activity?.SetTag("resilience.degradation.to", change.To.Level.ToString());
            activity?.SetTag("resilience.degradation.normal_share", change.To.NormalShare.ToString(CultureInfo.InvariantCulture));
            activity?.SetTag("resilience.degradation.reason", change.Reason);
        }

        Activity.Current = caller;
    }

    [LoggerMessage(
        "Degradation of {Service}: {From} -> {To}, {NormalShare:P0} of the traffic as always. {Reason}. Crossed: {Crossed}; {Requests} requests, {Failures} failed, P99 {P99} ms, "
        + "{Rate}/s, slope {Slope}/s^2; in recovery {RecoveryRequests}, {RecoveryFailures} failed, {RecoverySlow} slow")]
    private partial void LogDecision(
        LogLevel level, string service, DegradationLevel from, DegradationLevel to, double normalShare, string reason, Signals crossed, long requests, long failures, double p99,
        double? rate, double? slope, long recoveryRequests, long recoveryFailures, long recoverySlow);

    [LoggerMessage("Degradation of {Service}: {From} -> {To}, {NormalShare:P0} of the traffic as always. {Reason}")]
    private partial void LogChange(LogLevel level, string service, DegradationLevel from, DegradationLevel to, double normalShare, string reason);
}
