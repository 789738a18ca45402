using Microsoft.Extensions.Primitives;
using Microsoft.Extensions.ServiceDiscovery;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.ServiceDiscovery;

namespace ResilientShop.Gateway.Discovery;

/// <summary>
/// Turns a cluster's one address by name (<c>https+http://orders</c>) into the instances that service discovery knows, and again whenever
/// discovery says that they have changed.
/// </summary>
internal sealed class ServiceDiscoveryDestinationResolver(ServiceEndpointResolver discovery) : IDestinationResolver
{
    public async ValueTask<ResolvedDestinationCollection> ResolveDestinationsAsync(
        IReadOnlyDictionary<string, DestinationConfig> destinations, CancellationToken cancellationToken)
    {
        var instances = new Dictionary<string, DestinationConfig>(StringComparer.OrdinalIgnoreCase);
        var changes = new List<IChangeToken>(destinations.Count);
        foreach (var (name, destination) in destinations)
        {
            var source = await discovery.GetEndpointsAsync(destination.Address, cancellationToken);
            changes.Add(source.ChangeToken);
            foreach (var endpoint in source.Endpoints)
            {
                var address = ToAddress(endpoint, destination.Address);
                instances[$"{name}[{address}]"] = destination with { Address = address };
            }
        }

        return new ResolvedDestinationCollection(instances, new CompositeChangeToken(changes));
    }

    /// <summary>Discovery answers with a URL, or with a bare host and port when all it could do was to take the name at its word.</summary>
    private static string ToAddress(ServiceEndpoint endpoint, string askedFor)
    {
        var text = endpoint.ToString()!;
        return text.Contains(Uri.SchemeDelimiter, StringComparison.Ordinal) ? text : $"{PlainScheme(askedFor)}{Uri.SchemeDelimiter}{text}";
    }

    /// <summary>The last of the allowed schemes: <c>http</c> of <c>https+http://orders</c>.</summary>
    private static string PlainScheme(string address) =>
        address[..address.IndexOf(Uri.SchemeDelimiter, StringComparison.Ordinal)].Split('+')[^1];
}
