using System.Globalization;
using System.Text.Json;
using ResilientShop.Resilience;
using ResilientShop.Resilience.Http;

namespace ResilientShop.Operations.Releasing;

/// <summary>Prometheus' HTTP API (<c>/api/v1/query</c>), through the tiers of dependency <c>prometheus</c>. Thread-safe.</summary>
internal sealed class PrometheusClient(IHttpClientFactory clients, IConfiguration configuration) : IPromQl
{
    /// <summary>Name of the client, of the dependency and of the connection string.</summary>
    public const string Dependency = "prometheus";

    private const int LongestMessage = 200;

    private readonly Uri? _address = Uri.TryCreate(configuration.GetConnectionString(Dependency), UriKind.Absolute, out var address) ? address : null;

    public async Task<PromAnswer> QueryAsync(string query, CancellationToken cancellationToken)
    {
        if (_address is null)
        {
            return Nothing("there is no Prometheus: the connection string prometheus is not set");
        }

        try
        {
            using var client = clients.CreateClient(Dependency);
            using var answer = await client.GetAsync(new Uri(_address, $"api/v1/query?query={Uri.EscapeDataString(query)}"), cancellationToken);
            await using var body = await answer.Content.ReadAsStreamAsync(cancellationToken);
            using var json = await JsonDocument.ParseAsync(body, cancellationToken: cancellationToken);
            return answer.IsSuccessStatusCode ? Read(json.RootElement) : Nothing($"Prometheus answered {(int)answer.StatusCode}: {Message(json.RootElement)}");
        }
        catch (Exception exception) when (exception is HttpRequestException or TieredCallException or IOException)
        {
            return Nothing($"Prometheus cannot be reached: {exception.Message}");
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            return Nothing($"Prometheus answered what is no answer: {exception.Message}");
        }
    }

    private static PromAnswer Read(JsonElement answer) => new(
    [
        .. answer.GetProperty("data").GetProperty("result").EnumerateArray().Select(sample => new PromSample(
            sample.GetProperty("metric").EnumerateObject().ToDictionary(label => label.Name, label => label.Value.GetString()!, StringComparer.Ordinal),
            Number(sample.GetProperty("value")[1].GetString()!))),
    ]);

    private static double Number(string text) => text switch
    {
        "+Inf" => double.PositiveInfinity,
        "-Inf" => double.NegativeInfinity,
        "NaN" => double.NaN,
        _ => double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture),
    };

    private static string Message(JsonElement answer) =>
        answer.ValueKind == JsonValueKind.Object && answer.TryGetProperty("error", out var error) && error.GetString() is { } text ? text[..Math.Min(text.Length, LongestMessage)] : "no reason given";

    private static PromAnswer Nothing(string problem) => new([], problem);
}
