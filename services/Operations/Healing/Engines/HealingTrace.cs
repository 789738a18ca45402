using System.Diagnostics;

namespace ResilientShop.Operations.Healing.Engines;

/// <summary>Healings are part of the trace of what failed.</summary>
internal static class HealingTrace
{
    public static ActivitySource Source { get; } = new("ResilientShop.Operations");

    /// <summary>A span in the trace of what failed; in no trace where it had none.</summary>
    public static Activity? Continue(string name, string? traceparent) =>
        ActivityContext.TryParse(traceparent, null, isRemote: true, out var parent) ? Source.StartActivity(name, ActivityKind.Internal, parent) : null;
}
