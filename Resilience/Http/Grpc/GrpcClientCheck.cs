using Grpc.Net.Client;
using Grpc.Net.ClientFactory;
using Microsoft.Extensions.Options;

namespace ResilientShop.Resilience.Http;

/// <summary>Refuses a gRPC client whose channel has a retry policy of its own beside the tiers.</summary>
internal sealed class GrpcClientCheck(string name, IOptionsMonitor<GrpcClientFactoryOptions> clients)
{
    /// <summary>Name of the client.</summary>
    public string Name => name;

    /// <exception cref="InvalidOperationException">There are two retry layers.</exception>
    public void RefuseRetries()
    {
        var channel = new GrpcChannelOptions();
        foreach (var configure in clients.Get(name).ChannelOptionsActions)
        {
            configure(channel);
        }

        if (channel.ServiceConfig?.MethodConfigs.Any(method => method.RetryPolicy is not null || method.HedgingPolicy is not null) == true)
        {
            throw new InvalidOperationException(
                $"gRPC client '{name}' has 2 retry layers: its tiers, and the retry or hedging policy of its channel's ServiceConfig. Their attempts multiply. Keep one.");
        }
    }
}
