using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Http;

namespace ResilientShop.Resilience.Http;

/// <summary>Puts the tiers into clients.</summary>
public static class TierClientBuilderExtensions
{
    /// <summary>
    /// Runs the client's calls through the tiers of <paramref name="dependency"/>. They are the outermost of its handlers, so every attempt passes the
    /// others anew: service discovery picks another instance, a token is refreshed.
    /// </summary>
    /// <param name="builder">The client.</param>
    /// <param name="dependency">Name of the dependency; the client's own name when null.</param>
    public static IHttpClientBuilder AddTiers(this IHttpClientBuilder builder, string? dependency = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var name = dependency ?? builder.Name;
        builder.Services.AddResilience(options => options.Known.Add(name));
        return builder.AddTiers(isDefault: false, _ => name);
    }

    /// <summary>
    /// Runs the calls of every client through tiers: a client that asks for nothing else has a dependency of its own name. Use it with
    /// <c>ConfigureHttpClientDefaults</c>.
    /// </summary>
    public static IHttpClientBuilder AddDefaultTiers(this IHttpClientBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.AddResilience();
        return builder.AddTiers(isDefault: true, client => string.IsNullOrEmpty(client) ? "default" : client);
    }

    private static IHttpClientBuilder AddTiers(this IHttpClientBuilder builder, bool isDefault, Func<string?, string> dependencyOf)
    {
        // The deadline rules, and a timeout of the client's own would cost a timer for each call.
        builder.ConfigureHttpClient(client => client.Timeout = Timeout.InfiniteTimeSpan);
        builder.Services.Configure<HttpClientFactoryOptions>(builder.Name, options => options.HttpMessageHandlerBuilderActions.Add(handler =>
        {
            if (isDefault && handler.Services.GetServices<GrpcClientCheck>().Any(client => client.Name == handler.Name))
            {
                return; // Its tiers are in its interceptor.
            }

            var dependency = handler.Services.GetRequiredService<DependencyRegistry>().Get(dependencyOf(handler.Name));
            RemoveDefault(handler);
            handler.AdditionalHandlers.Insert(0, new TierHandler(dependency, isDefault));
            if (CanaryAddresses.HandlerFor(handler.Services, dependency) is { } canary)
            {
                handler.AdditionalHandlers.Insert(1, canary);
            }
        }));
        return builder.KeepConnections(dependencyOf);
    }

    /// <summary>Keeps the connections of a client as its dependency's policy says, and leaves its handlers without tiers of their own.</summary>
    internal static IHttpClientBuilder KeepConnections(this IHttpClientBuilder builder, string dependency)
    {
        builder.Services.Configure<HttpClientFactoryOptions>(builder.Name, options => options.HttpMessageHandlerBuilderActions.Add(RemoveDefault));
        return builder.KeepConnections(_ => dependency);
    }

    private static IHttpClientBuilder KeepConnections(this IHttpClientBuilder builder, Func<string?, string> dependencyOf)
    {
        builder.Services.Configure<HttpClientFactoryOptions>(builder.Name, options => options.HttpMessageHandlerBuilderActions.Add(handler =>
        {
            if (handler.PrimaryHandler is SocketsHttpHandler sockets)
            {
                sockets.KeepConnections(handler.Services.GetRequiredService<DependencyRegistry>().Get(dependencyOf(handler.Name)).Connections);
            }
        }));

        // Connections are replaced by their own lifetime; a new handler every two minutes would throw them all away at once.
        return builder.SetHandlerLifetime(Timeout.InfiniteTimeSpan);
    }

    private static void RemoveDefault(HttpMessageHandlerBuilder handler)
    {
        foreach (var existing in handler.AdditionalHandlers.OfType<TierHandler>().Where(existing => existing.IsDefault).ToList())
        {
            handler.AdditionalHandlers.Remove(existing);
        }
    }
}
