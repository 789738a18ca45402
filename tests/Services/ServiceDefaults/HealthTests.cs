using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Services.Tests.ServiceDefaults;

public sealed class HealthTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_service_without_checks_is_healthy_and_alive()
    {
        await using var app = await DefaultsApp.StartAsync(DefaultsApp.CreateBuilder());

        (await app.Http.GetStringAsync("/health", Cancel)).ShouldBe("""{"status":"Healthy","checks":{"self":{"status":"Healthy","description":null}}}""");
        (await app.Http.GetAsync("/alive", Cancel)).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_failing_check_is_503_by_name_without_its_exception_while_the_process_stays_alive()
    {
        var builder = DefaultsApp.CreateBuilder();
        builder.Services.AddHealthChecks().AddCheck(
            "stock", () => HealthCheckResult.Unhealthy("The shelf fell.", new InvalidOperationException("password=hunter2")));
        await using var app = await DefaultsApp.StartAsync(builder);

        var health = await app.Http.GetAsync("/health", Cancel);
        var body = await health.Content.ReadAsStringAsync(Cancel);

        health.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        body.ShouldContain("\"stock\":{\"status\":\"Unhealthy\",\"description\":\"The shelf fell.\"}");
        body.ShouldNotContain("hunter2");
        (await app.Http.GetAsync("/alive", Cancel)).StatusCode.ShouldBe(HttpStatusCode.OK);
    }
}
