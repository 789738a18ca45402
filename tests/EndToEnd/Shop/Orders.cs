using System.Net;
using System.Text.Json;

namespace EndToEnd.Tests.Shop;

/// <summary>Orders as a client of the shop places them.</summary>
internal sealed class Orders(HttpClient gateway)
{
    /// <summary>Puts stock of a fresh sku there.</summary>
    public async Task<string> StockedAsync(decimal available, CancellationToken cancellationToken)
    {
        var sku = $"{Random.Shared.Next(10_000, 99_999)}{Guid.NewGuid():N}"[..20];

        // A busy machine may answer 503 or 504; setting stock is idempotent.
        await Eventually.Async(
            async () =>
            {
                using var answer = await gateway.PutAsync($"inventory/{sku}", Json.Body(JsonSerializer.Serialize(new { available })), cancellationToken);
                ((int)answer.StatusCode).ShouldBeOneOf(200, 503, 504);
                return answer.IsSuccessStatusCode;
            },
            cancellationToken);
        return sku;
    }

    /// <summary>
    /// Places an order of one line. Whether a 503 or 504 had an effect is open, so the client repeats it under the same key, as the answer asks it to.
    /// </summary>
    public async Task<(HttpResponseMessage Answer, JsonElement Body)> PlaceAsync(
        string sku, decimal quantity, CancellationToken cancellationToken, string token = "tok_ok", string? key = null)
    {
        key ??= Guid.NewGuid().ToString();
        HttpResponseMessage answer;
        do
        {
            answer = await PlaceOnceAsync(sku, quantity, token, key, cancellationToken);
        }
        while (answer.StatusCode is HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout);

        return (answer, await Json.ReadAsync(answer, cancellationToken));
    }

    private async Task<HttpResponseMessage> PlaceOnceAsync(string sku, decimal quantity, string token, string key, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "orders")
        {
            Content = Json.Body(JsonSerializer.Serialize(new
            {
                customerId = "17850",
                currency = "GBP",
                lines = new[] { new { sku, quantity, unitPrice = 2.55m } },
                payment = new { token },
            })),
        };
        request.Headers.Add("Idempotency-Key", key);
        return await gateway.SendAsync(request, cancellationToken);
    }

    /// <summary>Places an order and follows it until it is confirmed.</summary>
    public async Task<Guid> ConfirmedAsync(CancellationToken cancellationToken)
    {
        var sku = await StockedAsync(10, cancellationToken);
        var (_, body) = await PlaceAsync(sku, 2, cancellationToken);
        body.TryGetProperty("id", out var id).ShouldBeTrue(body.ToString());
        await Eventually.Async(async () => (await StatusAsync(id.GetGuid(), cancellationToken)) == "confirmed", cancellationToken);
        return id.GetGuid();
    }

    /// <summary>The status of an order that must not have been cancelled.</summary>
    private async Task<string?> StatusAsync(Guid id, CancellationToken cancellationToken)
    {
        var order = await GetAsync(id, cancellationToken);
        var status = order.GetProperty("status").GetString();
        status.ShouldNotBe("cancelled", order.ToString());
        return status;
    }

    public async Task<JsonElement> GetAsync(Guid id, CancellationToken cancellationToken)
    {
        using var answer = await gateway.GetAsync($"orders/{id}", cancellationToken);
        answer.EnsureSuccessStatusCode();
        return await Json.ReadAsync(answer, cancellationToken);
    }
}
