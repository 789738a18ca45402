using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using EndToEnd.Tests.Shop;

namespace EndToEnd.Tests;

/// <summary>An order whose payment fails for longer than retries last is finished all the same, in the whole shop, also when whoever heals it is killed.</summary>
public sealed class HealingTests(RunningShop shop)
{
    private readonly Orders _orders = new(shop.Gateway);

    [Theory(Timeout = 180_000)]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_order_is_repaired_without_a_person(bool whoeverHealsIsKilled)
    {
        var cancel = TestContext.Current.CancellationToken;
        using var operators = shop.Operators();
        var sku = await _orders.StockedAsync(10, cancel);
        await SetWeatherAsync(operators, hardErrorRatio: 1, hardErrorMs: 6_000, cancel);
        try
        {
            var (answer, order) = await _orders.PlaceAsync(sku, 3, cancel);
            answer.StatusCode.ShouldBe(HttpStatusCode.Accepted);
            var id = order.GetProperty("id").GetGuid();
            long number = 0;
            await Eventually.Async(
                async () =>
                {
                    var letters = await operators.GetFromJsonAsync<JsonElement>($"api/dead-letters?key={id}", cancel);
                    number = letters.GetArrayLength() == 1 ? letters[0].GetProperty("ticket").GetInt64() : 0;
                    return number > 0;
                },
                cancel);
            if (whoeverHealsIsKilled)
            {
                await Eventually.Async(async () => (await CommentsAsync(operators, number, cancel)).Any(text => text.StartsWith("Try 1:", StringComparison.Ordinal)), cancel);
                using var operations = Process.GetProcessById(shop.CurrentProcessId("operations-1")!.Value);
                operations.Kill();
            }

            await Eventually.Async(async () => (await _orders.GetAsync(id, cancel)).GetProperty("status").GetString() == "confirmed", cancel);
            await Eventually.Async(async () => (await TicketAsync(operators, number, cancel)).GetProperty("ticket").GetProperty("status").GetString() == "resolved", cancel);

            var comments = await CommentsAsync(operators, number, cancel);
            comments.Distinct().Count().ShouldBe(comments.Count, "nothing is said twice");
            comments[^1].ShouldEndWith($"Order {id} is confirmed: 7.65 GBP captured, its stock is held.");
            var history = (await _orders.GetAsync(id, cancel)).GetProperty("history").EnumerateArray().Select(entry => entry.GetProperty("event").GetString()).ToList();
            history.Count(what => what == "operator-retry").ShouldBeInRange(1, 3);
            using var payment = await shop.Gateway.GetAsync($"payments/{id}", cancel);
            (await Json.ReadAsync(payment, cancel)).GetProperty("captured").GetDecimal().ShouldBe(7.65m);
        }
        finally
        {
            await SetWeatherAsync(operators, hardErrorRatio: 0, hardErrorMs: 0, CancellationToken.None);
        }
    }

    private async Task SetWeatherAsync(HttpClient operators, double hardErrorRatio, int hardErrorMs, CancellationToken cancel)
    {
        using var answer = await operators.PutAsJsonAsync($"{shop.Address("payments")}/provider/weather", new { latencyMs = 0, errorRatio = 0, hardErrorRatio, hardErrorMs }, cancel);
        answer.EnsureSuccessStatusCode();
    }

    private static Task<JsonElement> TicketAsync(HttpClient operators, long number, CancellationToken cancel) => operators.GetFromJsonAsync<JsonElement>($"api/tickets/{number}", cancel);

    private static async Task<List<string>> CommentsAsync(HttpClient operators, long number, CancellationToken cancel) =>
        [.. (await TicketAsync(operators, number, cancel)).GetProperty("comments").EnumerateArray().Select(comment => comment.GetProperty("text").GetString()!)];
}
