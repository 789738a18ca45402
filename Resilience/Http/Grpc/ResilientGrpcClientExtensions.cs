using Grpc.Net.ClientFactory;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Http;
using Microsoft.Extensions.Options;

namespace ResilientShop.Resilience.Http;

/// <summary>Registers gRPC clients with tiers.</summary>
public static class ResilientGrpcClientExtensions
{
    /// <summary>
    /// Registers a generated gRPC client whose unary calls run through the tiers of <paramref name="dependency"/>. What may be repeated is read from the
    /// contract: <c>option idempotency_level</c> of each method in the proto file.
    /// </summary>
    /// <typeparam name="TClient">The generated client.</typeparam>
    /// <param name="services">The services.</param>
    /// <param name="dependency">Name of the dependency.</param>
    /// <param name="client">Sets the client up, for example its address.</param>
    public static IHttpClientBuilder AddResilientGrpcClient<TClient>(this IServiceCollection services, string dependency, Action<GrpcClientFactoryOptions> client)
        where TClient : class
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(dependency);
        ArgumentNullException.ThrowIfNull(client);
        services.AddResilience(options => options.Known.Add(dependency));
        var methods = GrpcMethods.Of(typeof(TClient));
        var builder = services.AddGrpcClient<TClient>(client)
            .AddInterceptor(InterceptorScope.Channel, provider => new TierInterceptor(provider.GetRequiredService<DependencyRegistry>().Get(dependency), methods));
        services.AddSingleton(provider => new GrpcClientCheck(builder.Name, provider.GetRequiredService<IOptionsMonitor<GrpcClientFactoryOptions>>()));
        builder.Services.Configure<HttpClientFactoryOptions>(builder.Name, options => options.HttpMessageHandlerBuilderActions.Add(handler =>
        {
            if (CanaryAddresses.HandlerFor(handler.Services, handler.Services.GetRequiredService<DependencyRegistry>().Get(dependency)) is { } canary)
            {
                handler.AdditionalHandlers.Insert(0, canary);
            }
        }));
        return builder.KeepConnections(dependency);
    }
}
