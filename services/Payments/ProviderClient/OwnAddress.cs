using System.Net;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace ResilientShop.Payments.ProviderClient;

/// <summary>Where this process listens, as it can call itself.</summary>
internal static class OwnAddress
{
    /// <exception cref="InvalidOperationException">The server does not listen yet, or not on HTTP without TLS.</exception>
    public static Uri Find(IServer server)
    {
        var addresses = server.Features.Get<IServerAddressesFeature>()?.Addresses ?? [];
        var address = addresses.Select(BindingAddress.Parse).FirstOrDefault(candidate => candidate.Scheme == Uri.UriSchemeHttp)
            ?? throw new InvalidOperationException(
                $"The simulated payment provider needs an http address of this service, which listens on '{string.Join(';', addresses)}'. Set Provider__BaseAddress.");

        // Listening on every address is not an address to call.
        var everywhere = address.Host is "*" or "+" || (IPAddress.TryParse(address.Host.Trim('[', ']'), out var ip) && (ip.Equals(IPAddress.Any) || ip.Equals(IPAddress.IPv6Any)));
        return new UriBuilder(Uri.UriSchemeHttp, everywhere ? "localhost" : address.Host, address.Port).Uri;
    }
}
