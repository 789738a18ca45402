using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace ResilientShop.Resilience.Http;

/// <summary>Puts idempotency into the pipeline.</summary>
public static class IdempotencyApplicationBuilderExtensions
{
    /// <summary>
    /// Serves endpoints that are marked with <see cref="IdempotencyEndpointConventionBuilderExtensions.RequireIdempotencyKey"/> or
    /// <see cref="IdempotencyEndpointConventionBuilderExtensions.AcceptIdempotencyKey"/> once a key. Place it after routing, authentication,
    /// authorization and rate limiting, which must hold for a repeat as well, and after exception handling, which must see what a handler throws.
    /// </summary>
    /// <exception cref="InvalidOperationException">No <see cref="IIdempotencyStore"/> is registered, or <c>AddIdempotency</c> was not
    /// called.</exception>
    public static IApplicationBuilder UseIdempotency(this IApplicationBuilder app)
    {
        ArgumentNullException.ThrowIfNull(app);
        var registered = app.ApplicationServices.GetRequiredService<IServiceProviderIsService>();
        if (!registered.IsService(typeof(IIdempotencyStore)))
        {
            throw new InvalidOperationException("No idempotency store is registered. Call AddPostgresIdempotency or, for a single instance, AddInMemoryIdempotency.");
        }

        return registered.IsService(typeof(IdempotencyMetrics))
            ? app.UseMiddleware<IdempotencyMiddleware>()
            : throw new InvalidOperationException("Call AddIdempotency before UseIdempotency.");
    }
}
