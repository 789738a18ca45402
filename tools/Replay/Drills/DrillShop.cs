using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Replay.OwnShop;

namespace Replay.Drills;

/// <summary>A shop that the tool started, by the addresses of its processes and as its operator.</summary>
internal sealed class DrillShop : IDrillShop, IDisposable
{
    private const string Suffix = "-canary";
    private const string PaymentsCanary = "payments" + Suffix;

    private static readonly string[] Services = ["orders", "inventory", "payments"];

    private readonly ShopAddresses _shop;
    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(5) };

    public DrillShop(ShopAddresses shop, string operatorKey)
    {
        _shop = shop;
        _http.DefaultRequestHeaders.Add("X-Operator-Key", operatorKey);
        _http.DefaultRequestHeaders.Add("X-Operator", "replay");
    }

    public async Task SetWeatherAsync(int latencyMs, double errorRatio, bool seenByCanary, CancellationToken cancellationToken)
    {
        foreach (var payments in Instances().Where(instance => instance.Service == "payments" || (seenByCanary && instance.Service == PaymentsCanary)))
        {
            using var answer = await _http.PutAsJsonAsync(new Uri(payments.Address, "provider/weather"), new { latencyMs, errorRatio }, cancellationToken);
            answer.EnsureSuccessStatusCode();
        }
    }

    public async Task SetDefectAsync(string service, object defect, CancellationToken cancellationToken)
    {
        var canary = Instances().First(instance => instance.Service == service + Suffix);
        using var answer = await _http.PutAsJsonAsync(new Uri(canary.Address, "canary/defect"), defect, cancellationToken);
        answer.EnsureSuccessStatusCode();
    }

    public async Task StartReleaseAsync(string service, CancellationToken cancellationToken)
    {
        using var answer = await _http.PostAsync(new Uri(_shop.Addresses["operations"], $"api/releases/{service}/start?reason=drill"), content: null, cancellationToken);
        if (!answer.IsSuccessStatusCode)
        {
            throw new OwnShopException($"--scenario: the shop refused to release: {await answer.Content.ReadAsStringAsync(cancellationToken)}");
        }
    }

    public async Task<ReleaseLevel?> ReleaseAsync(string service, CancellationToken cancellationToken)
    {
        try
        {
            var view = await _http.GetFromJsonAsync<JsonElement>(new Uri(_shop.Addresses["operations"], "api/releases"), cancellationToken);
            var release = view.GetProperty("services").EnumerateArray().FirstOrDefault(entry => entry.GetProperty("service").GetString() == service);
            var newest = view.GetProperty("decisions").EnumerateArray().FirstOrDefault(entry => entry.GetProperty("service").GetString() == service);
            return release.ValueKind != JsonValueKind.Object ? null : new ReleaseLevel(
                release.GetProperty("stage").GetString()!,
                release.GetProperty("canaryShare").GetDouble(),
                release.GetProperty("reason").GetString() ?? "",
                newest.ValueKind != JsonValueKind.Object ? [] :
                [
                    .. newest.GetProperty("metrics").EnumerateArray().Where(metric => metric.GetProperty("verdict").GetString() == "fail").Select(metric => metric.GetProperty("name").GetString()!),
                ]);
        }
        catch (Exception error) when (error is HttpRequestException or JsonException or OperationCanceledException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return null;
        }
    }

    public async Task SetPolicyAsync(string scope, string yaml, CancellationToken cancellationToken)
    {
        using var body = new StringContent(yaml, Encoding.UTF8, "application/yaml");
        using var answer = await _http.PutAsync(new Uri(_shop.Addresses["operations"], $"api/policies/scopes/{scope}?reason=drill"), body, cancellationToken);
        if (!answer.IsSuccessStatusCode)
        {
            throw new OwnShopException($"--scenario: the shop refused the drill's policy: {await answer.Content.ReadAsStringAsync(cancellationToken)}");
        }
    }

    public async Task<IReadOnlyList<InstanceLevel>> LevelsAsync(CancellationToken cancellationToken)
    {
        var levels = await Task.WhenAll(Instances().Where(instance => Services.Contains(instance.Service)).Select(instance => LevelAsync(instance.Name, instance.Service, instance.Address, cancellationToken)));
        return [.. levels.OfType<InstanceLevel>()];
    }

    public void Dispose() => _http.Dispose();

    private IEnumerable<(string Name, string Service, Uri Address)> Instances() =>
        from instance in _shop.Instances
        where instance.Name.Contains('-', StringComparison.Ordinal)
        let service = instance.Name[..instance.Name.LastIndexOf('-')]
        where instance.Address is not null && (Services.Contains(service) || service.EndsWith(Suffix, StringComparison.Ordinal))
        select (instance.Name, service, instance.Address);

    private async Task<InstanceLevel?> LevelAsync(string name, string service, Uri address, CancellationToken cancellationToken)
    {
        try
        {
            var view = await _http.GetFromJsonAsync<JsonElement>(new Uri(address, "resilience/degradation"), cancellationToken);
            var changes = view.GetProperty("changes");
            return new InstanceLevel(
                name,
                service,
                view.GetProperty("level").GetString()!,
                view.GetProperty("normalShare").GetDouble(),
                changes.GetArrayLength() > 0 ? changes[0].GetProperty("reason").GetString()! : "");
        }
        catch (Exception error) when (error is HttpRequestException or JsonException or OperationCanceledException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return null;
        }
    }
}
