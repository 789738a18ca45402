using System.Diagnostics;
using System.Text;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace ResilientShop.ServiceDefaults.WarmUp;

/// <summary>A request that a service sends to itself to warm up. It must change nothing.</summary>
/// <param name="Method">HTTP method.</param>
/// <param name="Path">Path; <c>{id}</c> stands for a new identifier.</param>
/// <param name="Body">JSON, or null for none.</param>
public sealed record WarmUpRequest(string Method, string Path, string? Body = null)
{
    /// <summary>Headers to send.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();
}

/// <summary>Sends requests to the service's own address.</summary>
internal sealed class SelfRequests(IServer server, WarmUpRequest[] requests) : IWarmUp
{
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var address = server.Features.Get<IServerAddressesFeature>()?.Addresses.FirstOrDefault(url => url.StartsWith("http://", StringComparison.Ordinal));
        if (address is null)
        {
            return;
        }

        // Not from the factory: no tier may repeat these, and no breaker count them.
        using var client = new HttpClient();
        client.BaseAddress = new Uri(address.Replace("//*", "//localhost", StringComparison.Ordinal).Replace("//+", "//localhost", StringComparison.Ordinal));
        await Task.WhenAll(requests.Select(request => SendAsync(client, request, cancellationToken)));
    }

    private static async Task SendAsync(HttpClient client, WarmUpRequest request, CancellationToken cancellationToken)
    {
        using var message = new HttpRequestMessage(new HttpMethod(request.Method), request.Path.Replace("{id}", Guid.NewGuid().ToString(), StringComparison.Ordinal));
        message.Headers.Add("traceparent", $"00-{ActivityTraceId.CreateRandom()}-{ActivitySpanId.CreateRandom()}-00");
        foreach (var (name, value) in request.Headers)
        {
            message.Headers.Add(name, value);
        }

        if (request.Body is not null)
        {
            message.Content = new StringContent(request.Body, Encoding.UTF8, "application/json");
        }

        using var answer = await client.SendAsync(message, cancellationToken);
        await answer.Content.ReadAsByteArrayAsync(cancellationToken);
    }
}
