using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace Services.Tests.Gateway;

/// <summary>The promises of the gateway's routes change while it runs.</summary>
public sealed class HotSlaTests : IDisposable
{
    private const string Routes = """
        defaults: { total_ms: 60000, l2: { max_attempts: 1 } }
        routes:
          place-order: { to: orders, sla_ms: 2000 }
          cancel-order: { to: orders, sla_ms: 2000 }
          stock: { to: inventory, sla_ms: 1000 }
          payment: { to: payments, sla_ms: 1000 }

        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("shop-tests-gateway-").FullName;

    [Fact(Timeout = 60_000)]
    public async Task A_changed_sla_holds_for_the_next_request_and_a_missing_one_is_refused()
    {
        await using var orders = await StubServer.StartAsync(context => Task.Delay(Timeout.Infinite, context.RequestAborted));
        Save("  order: { to: orders, sla_ms: 60 }\n");
        await using var gateway = GatewayHost.Start(
            GatewayHost.Instance("orders", 0, orders.Address),
            ("Policies:Folder", _folder), ("Policies:Follow", "true"), ("Gateway:DeadlineGrace", "00:00:00.020"));
        (await TimedOutAsync(gateway)).ShouldContain("60 ms");

        Save("  order: { to: orders, sla_ms: 90 }\n");
        await UntilAsync(gateway, status => status.GetProperty("revision").GetInt64() == 2, TestContext.Current.CancellationToken);
        (await TimedOutAsync(gateway)).ShouldContain("90 ms");

        Save("");
        var refused = await UntilAsync(gateway, status => status.GetProperty("refusedRevision").ValueKind == JsonValueKind.Number, TestContext.Current.CancellationToken);
        refused.GetProperty("refusedBecause")[0].GetString().ShouldBe("routes.order.sla_ms is not there; it must be the SLA of the gateway's route in milliseconds.");
        (await TimedOutAsync(gateway)).ShouldContain("90 ms");
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private void Save(string order)
    {
        var fresh = Path.Combine(_folder, "fresh");
        File.WriteAllText(fresh, Routes + order);
        File.Move(fresh, Path.Combine(_folder, "resilience.yaml"), overwrite: true);
    }

    private static async Task<string> TimedOutAsync(GatewayHost gateway)
    {
        var problem = await Problem.ReadAsync(await gateway.Http.GetAsync("/orders/42", TestContext.Current.CancellationToken));
        problem.Status.ShouldBe(HttpStatusCode.GatewayTimeout);
        return problem.Detail!;
    }

    private static async Task<JsonElement> UntilAsync(GatewayHost gateway, Func<JsonElement, bool> holds, CancellationToken cancel)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (true)
        {
            var status = await gateway.Http.GetFromJsonAsync<JsonElement>("/resilience/policies", cancel);
            if (holds(status))
            {
                return status;
            }

            await timer.WaitForNextTickAsync(cancel);
        }
    }
}
