using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace ResilientShop.Resilience.Durable;

/// <summary>The names under which this library reports traces and metrics.</summary>
public static class DurableTelemetry
{
    /// <summary>Name of the activity source and of the meter.</summary>
    public const string Name = "ResilientShop.Resilience";

    internal static readonly ActivitySource Source = new(Name);
    internal static readonly Meter Meter = new(Name);

    /// <summary>Parses a W3C traceparent; the default context when there is none or it is broken.</summary>
    internal static ActivityContext ParentFrom(string? traceparent) =>
        ActivityContext.TryParse(traceparent, traceState: null, isRemote: true, out var context) ? context : default;

    /// <summary>The W3C traceparent of the current activity, to be stored beside what it starts.</summary>
    internal static string? CurrentTraceParent => Activity.Current is { IdFormat: ActivityIdFormat.W3C, Id: var id } ? id : null;

    /// <summary>
    /// An activity that is not recorded, and with it nothing that happens inside. Loops that look after tables all day would otherwise fill
    /// every trace view with one-span traces.
    /// </summary>
    internal static Activity Unrecorded() =>
        new Activity("background") { ActivityTraceFlags = ActivityTraceFlags.None }.SetIdFormat(ActivityIdFormat.W3C).Start();
}
