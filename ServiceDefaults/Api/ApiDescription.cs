using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Scalar.AspNetCore;

namespace ResilientShop.ServiceDefaults.Api;

/// <summary>The service's OpenAPI document and a page to read and try it.</summary>
internal static class ApiDescription
{
    public static IServiceCollection AddApiDescription(this IServiceCollection services) => services.AddOpenApi();

    public static void MapApiDescription(this WebApplication app)
    {
        if (!app.Environment.IsDevelopment())
        {
            return;
        }

        app.MapOpenApi();

        // The page must work behind a wall: its script comes from the package, and nothing is fetched from or sent to another host.
        app.MapScalarApiReference(options =>
        {
            options.Title = app.Environment.ApplicationName;
            options.DefaultFonts = false;
            options.Telemetry = false;
            options.ProxyUrl = null;
            options.Agent = new ScalarAgentOptions { Disabled = true };
        });
    }
}
