using System.Net;
using System.Text.RegularExpressions;
using EndToEnd.Tests.Shop;

namespace EndToEnd.Tests;

/// <summary>Every request that README and docs show is one that a service answers. They are sent without keys and bodies, so that nothing comes of them.</summary>
public sealed partial class DocumentedRequestsTests(RunningShop shop)
{
    private const string SomeId = "01890000-0000-7000-8000-000000000001";

    [Fact(Timeout = 180_000)]
    public async Task A_service_answers_it()
    {
        var requests = Documents().SelectMany(text => Curls().Matches(text).Concat(Lines().Matches(text))).Select(RequestOf).Distinct().ToList();
        requests.Count.ShouldBeGreaterThan(20);
        using var http = new HttpClient();
        var unknown = new List<string>();
        foreach (var (method, host, path) in requests)
        {
            using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(AddressOf(host), path));
            using var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);

            // Who knows the path says more than that there is nothing.
            if (answer.StatusCode == HttpStatusCode.MethodNotAllowed
                || (answer.StatusCode == HttpStatusCode.NotFound && !(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).Contains("\"detail\"", StringComparison.Ordinal)))
            {
                unknown.Add($"{method} {host} {path}: {(int)answer.StatusCode}");
            }
        }

        unknown.ShouldBeEmpty();
    }

    private static (string Method, string Host, string Path) RequestOf(Match match)
    {
        var text = match.Value;
        var method = match.Groups["method"] is { Success: true } said ? said.Value : text.Contains(" -d ", StringComparison.Ordinal) || text.Contains(" -d'", StringComparison.Ordinal) || text.Contains("' ...", StringComparison.Ordinal) ? "POST" : "GET";
        var path = Optional().Replace(match.Groups["path"].Value, "");
        path = Alternatives().Replace(path, "=$1");
        path = path.Replace("{number}", "1", StringComparison.Ordinal).Replace("{id}", SomeId, StringComparison.Ordinal).Replace("{sku}", "x", StringComparison.Ordinal).Replace("{orderId}", SomeId, StringComparison.Ordinal)
            .Replace("/N/", "/1/", StringComparison.Ordinal).Replace("/NAME/", "/payments/", StringComparison.Ordinal).Replace("/ID", $"/{SomeId}", StringComparison.Ordinal).Replace("...", "x", StringComparison.Ordinal);
        var host = match.Groups["host"].Value;
        path = path.EndsWith("/N", StringComparison.Ordinal) ? path[..^1] + "1" : path;
        return (method, host.Length == 0 && path.StartsWith("/api", StringComparison.Ordinal) ? "OPS" : host, path);
    }

    /// <summary>A path alone is of Operations, or of any service.</summary>
    private Uri AddressOf(string host) => new(shop.Address(host switch
    {
        "localhost:8080" or "GATEWAY" => "gateway",
        "localhost:8090" or ":8090" or "OPS" => "operations",
        "PAYMENTS" => "payments",
        "CANARY" => "payments-canary",
        _ => "orders",
    }));

    private static IEnumerable<string> Documents() =>
        Directory.EnumerateFiles(Path.Combine(AppHostProcess.Root, "docs"), "*.md").Append(Path.Combine(AppHostProcess.Root, "README.md")).Select(File.ReadAllText);

    [GeneratedRegex("curl [^\\n`]*?(-X (?<method>[A-Z]+) )?[^\\n`]*?['\"]?(?<host>localhost:8080|localhost:8090|OPS|SVC|\\$SERVICE|PAYMENTS|CANARY)(?<path>/[^\\s'\"`]*)[^\\n`]*")]
    private static partial Regex Curls();

    [GeneratedRegex("(?<method>GET|POST|PUT|DELETE) {1,2}(?<host>OPS|SVC|:8090|)(?<path>/(api|sagas|resilience)[^\\s'\"`]*)")]
    private static partial Regex Lines();

    /// <summary>What may be left out stands in brackets.</summary>
    [GeneratedRegex("\\[[^\\]]*\\]")]
    private static partial Regex Optional();

    /// <summary>Of several the first.</summary>
    [GeneratedRegex("=([a-z]+)(\\|[a-z]+)+")]
    private static partial Regex Alternatives();
}
