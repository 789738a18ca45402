using System.Text;
using System.Text.Json;

namespace EndToEnd.Tests.Shop;

/// <summary>Bodies as a client writes them by hand.</summary>
internal static class Json
{
    public static StringContent Body(string json) => new(json, Encoding.UTF8, "application/json");

    public static async Task<JsonElement> ReadAsync(HttpResponseMessage answer, CancellationToken cancellationToken) =>
        JsonDocument.Parse(await answer.Content.ReadAsStringAsync(cancellationToken)).RootElement;
}
