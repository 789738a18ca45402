using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace ResilientShop.Resilience.Http;

/// <summary>Makes a server honour what its callers say of time, retries and release.</summary>
public static class CallContextExtensions
{
    private static readonly string[] TrustedHeaders =
        [ResilienceHeaders.DeadlineMs, ResilienceHeaders.RetryAttempt, ResilienceHeaders.ChaosExperiment, ResilienceHeaders.Degraded, ResilienceHeaders.RecoveryTrial, "grpc-timeout"];

    /// <summary>
    /// Serves each request under the deadline, attempt number and release channel of its headers. Put it behind what turns exceptions into answers and before
    /// endpoints. Callers are trusted: at the edge call <see cref="UseUntrustedCallers"/> first.
    /// </summary>
    /// <param name="app">The application.</param>
    /// <param name="grace">
    /// How long after its deadline a request is cut off, for callers that wait a little longer than they say; none by default. A caller that goes away ends
    /// its request at once either way, and a deadline that is spent on arrival is refused.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException">The grace is negative.</exception>
    public static IApplicationBuilder UseCallContext(this IApplicationBuilder app, TimeSpan grace = default)
    {
        ArgumentNullException.ThrowIfNull(app);
        ArgumentOutOfRangeException.ThrowIfLessThan(grace, TimeSpan.Zero);
        return app.UseMiddleware<CallContextMiddleware>(grace);
    }

    /// <summary>
    /// Takes the control headers off requests that come from strangers: a forged deadline would starve a request, a forged attempt number would switch
    /// retries off, a forged experiment would inject faults, a forged trial would be served by a service that is broken. Each is counted in <c>resilience.header.ignored.count</c>.
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
