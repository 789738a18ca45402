using System.Reflection;
using Microsoft.Extensions.Http;
using Microsoft.Extensions.Http.Resilience;
using Polly;
using Polly.Hedging;
using Polly.Retry;
using Polly.Testing;

namespace ResilientShop.Resilience.Http;

/// <summary>
/// Refuses a client that has two layers which retry: three attempts of one times four of another are twelve requests, and neither knows of the other.
/// A layer of Microsoft.Extensions.Http.Resilience or Polly that does not retry may stay.
/// </summary>
/// <param name="grpcClients">Clients whose tiers are no handler: they run above the channel, as an interceptor.</param>
internal sealed class SingleRetryLayer(IEnumerable<GrpcClientCheck> grpcClients) : IHttpMessageHandlerBuilderFilter
{
    private const string PollyV7Handler = "Microsoft.Extensions.Http.PolicyHttpMessageHandler";

    public Action<HttpMessageHandlerBuilder> Configure(Action<HttpMessageHandlerBuilder> next) => builder =>
    {
        next(builder);
        var layers = builder.AdditionalHandlers.Select(DescribeRetryLayer).OfType<string>().ToList();
        if (grpcClients.Any(client => client.Name == builder.Name))
        {
            layers.Insert(0, "the tiers of its gRPC calls");
        }

        if (layers.Count > 1)
        {
            throw new InvalidOperationException(
                $"HttpClient '{builder.Name}' has {layers.Count} retry layers: {string.Join(", then ", layers)}. Their attempts multiply. Keep one: "
                + "remove the other handler, or give the client no tiers.");
        }
    };

    private static string? DescribeRetryLayer(DelegatingHandler handler) => handler switch
    {
        TierHandler tiers => $"the tiers of {tiers.Dependency.Name}",
        ResilienceHandler resilience when Retries(resilience) => "a resilience handler that retries",
        _ when handler.GetType().FullName == PollyV7Handler => "a Polly v7 policy",
        _ => null,
    };

    /// <summary>Looks into the handler's pipeline. A handler that cannot be looked into counts as one that retries: hidden layers are what this is against.</summary>
    private static bool Retries(ResilienceHandler handler)
    {
        var provider = typeof(ResilienceHandler)
            .GetFields(BindingFlags.Instance | BindingFlags.NonPublic)
            .Select(field => field.GetValue(handler))
            .OfType<Func<HttpRequestMessage, ResiliencePipeline<HttpResponseMessage>>>()
            .FirstOrDefault();
        if (provider is null)
        {
            return true;
        }

        using var probe = new HttpRequestMessage(HttpMethod.Get, "http://localhost/");
        return provider(probe).GetPipelineDescriptor().Strategies.Any(
            strategy => strategy.Options is RetryStrategyOptions<HttpResponseMessage> or HedgingStrategyOptions<HttpResponseMessage>
                or RetryStrategyOptions
                || strategy.StrategyInstance is TierStrategy<HttpResponseMessage>);
    }
}
