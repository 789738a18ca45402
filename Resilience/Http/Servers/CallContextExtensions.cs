using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace ResilientShop.Resilience.Http;

/// <summary>Makes a server honour what its callers say of time, retries and release.</summary>
public static class CallContextExtensions
{
    private static readonly string[] TrustedHeaders =
        [ResilienceHeaders.DeadlineMs, ResilienceHeaders.RetryAttempt, ResilienceHeaders.ChaosExperiment, ResilienceHeaders.Degraded, "grpc-timeout"];

    /// <summary>
    /// Serves each request under the deadline, attempt number and release channel of its headers. Put it behind what turns exceptions into answers and before
    /// endpoints. Callers are trusted: at the edge call <see cref="UseUntrustedCallers"/> first.
    /// </summary>
    public static IApplicationBuilder UseCallContext(this IApplicationBuilder app)
    {
        ArgumentNullException.ThrowIfNull(app);
        return app.UseMiddleware<CallContextMiddleware>();
    }

    /// <summary>
    /// Takes the control headers off requests that come from strangers: a forged deadline would starve a request, a forged attempt number would switch
    /// retries off, a forged experiment would inject faults. Each is counted in <c>resilience.header.ignored.count</c>.
    /// </summary>
    public static IApplicationBuilder UseUntrustedCallers(this IApplicationBuilder app)
    {
        ArgumentNullException.ThrowIfNull(app);
        var metrics = app.ApplicationServices.GetRequiredService<ResilienceMetrics>();
        return app.Use((http, next) =>
        {
            foreach (var name in TrustedHeaders)
            {
                if (http.Request.Headers.Remove(name))
                {
                    metrics.HeaderIgnored(name);
                }
            }

            return next(http);
        });
    }
}
