using ResilientShop.Resilience;

namespace ResilientShop.Gateway.Edge;

/// <summary>
/// Services trust these headers, so strangers must not set them: a forged deadline would starve a request, a forged attempt number would switch
/// retries off, a forged experiment would inject faults.
/// </summary>
internal static class ControlHeaders
{
    private static readonly string[] Names =
        [ResilienceHeaders.DeadlineMs, ResilienceHeaders.RetryAttempt, ResilienceHeaders.ChaosExperiment, ResilienceHeaders.Degraded];

    public static void UseStrippedControlHeaders(this IApplicationBuilder pipeline) => pipeline.Use((context, next) =>
    {
        foreach (var name in Names)
        {
            context.Request.Headers.Remove(name);
        }

        return next(context);
    });
}
