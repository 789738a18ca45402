using System.Diagnostics;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using EndToEnd.Tests.Shop;

namespace EndToEnd.Tests;

/// <summary>Policies change in the whole shop while it sells, and nobody notices when their store is killed.</summary>
public sealed class HotPolicyTests(RunningShop shop)
{
    [Fact(Timeout = 180_000)]
    public async Task A_change_reaches_every_instance_also_after_the_store_was_killed()
    {
        var cancel = TestContext.Current.CancellationToken;
        using var operators = shop.Operators();
        await EverywhereAsync(operators, cancel);
        await PutAsync(operators, "total_ms: 2950", cancel);
        await EverywhereAsync(operators, cancel);

        using (var etcd = Process.GetProcessById(shop.ProcessIdOf("etcd")))
        {
            etcd.Kill();
        }

        await new Orders(shop.Gateway).ConfirmedAsync(cancel);
        await Eventually.Async(() => PutAsync(operators, "total_ms: 2960", cancel), cancel);
        await EverywhereAsync(operators, cancel);
        await new Orders(shop.Gateway).ConfirmedAsync(cancel);
    }

    private static async Task<bool> PutAsync(HttpClient operators, string yaml, CancellationToken cancel)
    {
        using var answer = await operators.PutAsync(
            "api/policies/scopes/dependencies/payment-provider?reason=test", new StringContent(yaml, Encoding.UTF8, "application/yaml"), cancel);
        ((int)answer.StatusCode).ShouldBeOneOf(200, 503);
        return answer.IsSuccessStatusCode;
    }

    private Task EverywhereAsync(HttpClient operators, CancellationToken cancel) => Eventually.Async(
        async () =>
        {
            using var answer = await operators.GetAsync("api/policies/instances", cancel);
            if (!answer.IsSuccessStatusCode)
            {
                return false;
            }

            var instances = await answer.Content.ReadFromJsonAsync<JsonElement>(cancel);
            return instances.GetProperty("everywhere").GetBoolean() && instances.GetProperty("instances").GetArrayLength() == shop.Instances;
        },
        cancel);
}
