using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using ResilientShop.Replay.OwnShop;

namespace ResilientShop.Replay.Drills;

/// <summary>A shop that the tool started, by the addresses of its processes and as its operator.</summary>
internal sealed class DrillShop : IDrillShop, IDisposable
{
    private static readonly string[] Services = ["orders", "inventory", "payments"];

    private readonly ShopAddresses _shop;
    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(5) };

    public DrillShop(ShopAddresses shop, string operatorKey)
    {
        _shop = shop;
        _http.DefaultRequestHeaders.Add("X-Operator-Key", operatorKey);
        _http.DefaultRequestHeaders.Add("X-Operator", "replay");
    }

    public async Task SetWeatherAsync(int latencyMs, double errorRatio, CancellationToken cancellationToken)
    {
        foreach (var payments in Instances().Where(instance => instance.Service == "payments"))
        {
            using var answer = await _http.PutAsJsonAsync(new Uri(payments.Address, "provider/weather"), new { latencyMs, errorRatio }, cancellationToken);
            answer.EnsureSuccessStatusCode();
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
        var levels = await Task.WhenAll(Instances().Select(instance => LevelAsync(instance.Name, instance.Service, instance.Address, cancellationToken)));
        return [.. levels.OfType<InstanceLevel>()];
    }

    public void Dispose() => _http.Dispose();

    private IEnumerable<(string Name, string Service, Uri Address)> Instances() =>
        from instance in _shop.Instances
        let service = instance.Name.Split('-')[0]
        where instance.Address is not null && Services.Contains(service)
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
