using System.Globalization;
using System.Text.Json;

namespace ResilientShop.Resilience.Http;

/// <summary>Reads the answers of Prometheus's HTTP API, version 1.</summary>
internal static class PrometheusJson
{
    /// <summary>What of <paramref name="text"/> is an answer to <paramref name="query"/>.</summary>
    /// <exception cref="JsonException">It is no JSON.</exception>
    /// <exception cref="InvalidDataException">It is JSON, and no answer of Prometheus.</exception>
    public static PrometheusAnswer Read(string query, string text, DateTimeOffset at)
    {
        using var document = JsonDocument.Parse(text);
        var root = document.RootElement;
        if (Text(root, "status") == "error")
        {
            // "bad_data" and "execution" are the query's fault. All else, such as "timeout", may go better another time.
            var (type, message) = (Text(root, "errorType"), Text(root, "error"));
            return new PrometheusAnswer(
                query, type is "bad_data" or "execution" ? PrometheusOutcome.Refused : PrometheusOutcome.Unreachable, [], at, $"Prometheus refused the query ({type}): {message}");
        }

        if (Text(root, "status") != "success" || Member(root, "data") is not { } data || Member(data, "result") is not { ValueKind: JsonValueKind.Array } result)
        {
            throw new InvalidDataException("it is no answer of Prometheus's API");
        }

        List<PrometheusSample> samples = Text(data, "resultType") switch
        {
            "vector" => [.. result.EnumerateArray().Select(series => Sample(series, "value", point => point))],
            "matrix" => [.. result.EnumerateArray().Select(series => Sample(series, "values", points => points.EnumerateArray().Last()))],
            "scalar" => [new PrometheusSample(new Dictionary<string, string>(), Value(result), Time(result))],
            var type => throw new InvalidDataException($"it is a {type}, which has no numbers"),
        };
        return samples.Count == 0
            ? new PrometheusAnswer(query, PrometheusOutcome.NoData, [], at, "there are no data")
            : new PrometheusAnswer(query, PrometheusOutcome.Samples, samples, at, null);
    }

    private static PrometheusSample Sample(JsonElement series, string name, Func<JsonElement, JsonElement> newest)
    {
        if (Member(series, "metric") is not { ValueKind: JsonValueKind.Object } labels || Member(series, name) is not { ValueKind: JsonValueKind.Array } points || points.GetArrayLength() == 0)
        {
            throw new InvalidDataException("a series of it has no samples");
        }

        var point = newest(points);
        return new PrometheusSample(labels.EnumerateObject().ToDictionary(label => label.Name, label => label.Value.ToString(), StringComparer.Ordinal), Value(point), Time(point));
    }

    private static DateTimeOffset Time(JsonElement point) => point is { ValueKind: JsonValueKind.Array } && point.GetArrayLength() == 2 && point[0].ValueKind == JsonValueKind.Number
        ? DateTimeOffset.UnixEpoch.AddSeconds(point[0].GetDouble())
        : throw new InvalidDataException("a sample of it has no time");

    private static double Value(JsonElement point)
    {
        var text = point is { ValueKind: JsonValueKind.Array } && point.GetArrayLength() == 2 ? point[1].ToString() : "";
        return text switch
        {
            "NaN" => double.NaN,
            "+Inf" or "Inf" => double.PositiveInfinity,
            "-Inf" => double.NegativeInfinity,
            _ => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) ? value : throw new InvalidDataException($"'{text}' is no value of a sample"),
        };
    }

    private static JsonElement? Member(JsonElement element, string name) => element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var member) ? member : null;

    private static string? Text(JsonElement element, string name) => Member(element, name) is { ValueKind: JsonValueKind.String } member ? member.GetString() : null;
}
