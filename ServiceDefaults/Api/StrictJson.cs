using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace ResilientShop.ServiceDefaults.Api;

/// <summary>
/// Web defaults of System.Text.Json, less forgiving: a number is a JSON number (<c>"1.5"</c> and <c>"NaN"</c> are not),
/// and a member named twice is an error, because two readers of the same body could otherwise see two amounts.
/// </summary>
internal static class StrictJson
{
    public static IServiceCollection AddStrictJson(this IServiceCollection services)
    {
        services.ConfigureHttpJsonOptions(options =>
        {
            options.SerializerOptions.NumberHandling = JsonNumberHandling.Strict;
            options.SerializerOptions.AllowDuplicateProperties = false;
        });

        // Without this a body that does not bind is a bare 400 outside development.
        services.Configure<RouteHandlerOptions>(options => options.ThrowOnBadRequest = true);
        return services;
    }
}
