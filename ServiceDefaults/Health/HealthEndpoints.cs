using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace ResilientShop.ServiceDefaults.Health;

/// <summary>
/// <c>/health</c>: every check passes, send traffic. <c>/alive</c>: the process answers, do not restart it; it asks no
/// dependency, so a database outage never makes an orchestrator kill healthy processes.
/// </summary>
internal static class HealthEndpoints
{
    private const string LiveTag = "live";

    public static IServiceCollection AddLiveness(this IServiceCollection services)
    {
        services.AddHealthChecks().AddCheck("self", () => HealthCheckResult.Healthy(), [LiveTag]);
        return services;
    }

    public static void MapHealth(this WebApplication app)
    {
        app.MapHealthChecks("/health", Answer(_ => true)).ExcludeFromDescription();
        app.MapHealthChecks("/alive", Answer(check => check.Tags.Contains(LiveTag))).ExcludeFromDescription();
    }

    private static HealthCheckOptions Answer(Func<HealthCheckRegistration, bool> predicate) => new()
    {
        Predicate = predicate,
        ResponseWriter = HealthReportBody.WriteAsync,
    };
}
