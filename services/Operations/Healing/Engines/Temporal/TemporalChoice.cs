using Temporalio.Api.WorkflowService.V1;
using Temporalio.Client;

namespace ResilientShop.Operations.Healing.Engines.Temporal;

/// <summary>Whether Temporal heals: chosen once, at start. Immutable.</summary>
/// <param name="Address">Where Temporal is; null where none is given.</param>
/// <param name="Client">The connection; null where none answers.</param>
/// <param name="Problem">Why there is none; null where none is given, or all is well.</param>
internal sealed record TemporalChoice(string? Address, ITemporalClient? Client, string? Problem)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Asks the Temporal of connection string <c>temporal</c> or <c>TEMPORAL_ADDRESS</c>, with <c>TEMPORAL_NAMESPACE</c>, <c>TEMPORAL_API_KEY</c> and <c>TEMPORAL_TLS</c>. One that does
    /// not answer within 10 s, or does not know the namespace, is none.
    /// </summary>
    public static async Task<TemporalChoice> MakeAsync(IConfiguration configuration)
    {
        var address = configuration.GetConnectionString("temporal") is { Length: > 0 } given ? given : configuration["TEMPORAL_ADDRESS"];
        if (string.IsNullOrWhiteSpace(address))
        {
            return new TemporalChoice(null, null, null);
        }

        address = address.Trim();
        if (Uri.TryCreate(address, UriKind.Absolute, out var url) && url.Host.Length > 0)
        {
            address = url.Authority;
        }

        var apiKey = configuration["TEMPORAL_API_KEY"] is { Length: > 0 } key ? key : null;
        var options = new TemporalClientConnectOptions(address)
        {
            Namespace = configuration["TEMPORAL_NAMESPACE"] is { Length: > 0 } name ? name : "default",
            ApiKey = apiKey,
            Tls = apiKey is not null || string.Equals(configuration["TEMPORAL_TLS"], "true", StringComparison.OrdinalIgnoreCase) ? new TlsOptions() : null,
        };
        try
        {
            return new TemporalChoice(address, await ConnectAsync(options).WaitAsync(Patience), null);
        }
        catch (Exception exception)
        {
            // Whatever it is: the shop heals without.
            return new TemporalChoice(address, null, $"no Temporal answers at {address} ({exception.Message.Split('\n')[0]}).");
        }
    }

    /// <summary>A server that knows nothing of the namespace, or does not let us in, is none: the worker would end the service.</summary>
    private static async Task<ITemporalClient> ConnectAsync(TemporalClientConnectOptions options)
    {
        var client = await TemporalClient.ConnectAsync(options);
        await client.Connection.WorkflowService.DescribeNamespaceAsync(new DescribeNamespaceRequest { Namespace = options.Namespace });
        return client;
    }
}
