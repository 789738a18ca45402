using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;

namespace ResilientShop.Resilience.Http;

/// <summary>
/// Asks Prometheus by its HTTP API, through the tiers of the dependency <see cref="Dependency"/>: its policy says how long a query may take. Throws only when the caller
/// gives up; whatever Prometheus and the network do is an answer, and it tells what is known from what is not. Thread-safe.
/// </summary>
public sealed class PrometheusClient
{
    /// <summary>Name of the client and of the dependency.</summary>
    public const string Dependency = "prometheus";

    /// <summary>Nobody needs a longer answer than this to a question about signals.</summary>
    private const int LargestAnswer = 16 * 1024 * 1024;

    private readonly IHttpClientFactory _clients;
    private readonly TimeProvider _time;
    private readonly Uri _queries;

    internal PrometheusClient(IHttpClientFactory clients, Uri address, TimeProvider time)
    {
        (_clients, _time, Address) = (clients, time, address);
        _queries = new Uri($"{address.AbsoluteUri.TrimEnd('/')}/api/v1/query");
    }

    /// <summary>Where Prometheus is.</summary>
    public Uri Address { get; }

    /// <summary>
    /// Evaluates a query now. Samples of a vector have the time of the evaluation, however old they are. A query that ends in a range, such as <c>up[10s]</c>, gives
    /// the newest sample of each series with its own time.
    /// </summary>
    /// <param name="promQl">The query.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> gave it up.</exception>
    public async Task<PrometheusAnswer> QueryAsync(string promQl, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(promQl);
        try
        {
            using var client = _clients.CreateClient(Dependency);
            client.MaxResponseContentBufferSize = LargestAnswer;
            using var answer = await client.GetAsync($"{_queries}?query={Uri.EscapeDataString(promQl)}", cancellationToken).ConfigureAwait(false);
            var at = answer.Headers.Date ?? _time.GetUtcNow();
            var text = await answer.Content.ReadAsStringAsync(cancellationToken).ConfigureAwait(false);
            return Read(promQl, text, at, (int)answer.StatusCode);
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return Unreachable(promQl, _time.GetUtcNow(), $"Prometheus did not answer: {exception.Message}");
        }
    }

    private static PrometheusAnswer Read(string query, string text, DateTimeOffset at, int status)
    {
        try
        {
            return PrometheusJson.Read(query, text, at);
        }
        catch (Exception exception) when (exception is JsonException or InvalidDataException)
        {
            return Unreachable(
                query, at, FormattableString.Invariant($"Prometheus answered {status}, and {(exception is JsonException ? "it is no JSON" : exception.Message)}"));
        }
    }

    private static PrometheusAnswer Unreachable(string query, DateTimeOffset at, string problem) => new(query, PrometheusOutcome.Unreachable, [], at, problem);
}

/// <summary>Registers <see cref="PrometheusClient"/>.</summary>
public static class PrometheusServiceCollectionExtensions
{
    /// <summary>Registers <see cref="PrometheusClient"/> for the server at <paramref name="address"/>.</summary>
    /// <param name="services">The services.</param>
    /// <param name="address">Address of the server, with the path that it is served under, if any.</param>
    /// <exception cref="ArgumentException">It is no http or https URL.</exception>
    public static IServiceCollection AddPrometheusClient(this IServiceCollection services, string address)
    {
        if (!Uri.TryCreate(address, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https"))
        {
            throw new ArgumentException($"The address of Prometheus is '{address}'; it must be an http or https URL.", nameof(address));
        }

        services.AddResilientHttpClient(PrometheusClient.Dependency);
        return services.AddSingleton(provider => new PrometheusClient(
            provider.GetRequiredService<IHttpClientFactory>(), uri, provider.GetRequiredService<TimeProvider>()));
    }
}
