using System.Net;
using Microsoft.AspNetCore.Http;

namespace Services.Tests.Gateway;

public sealed class RoutingTests : IAsyncLifetime
{
    private readonly List<StubServer> _services = [];
    private GatewayHost _gateway = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        foreach (var name in new[] { "orders", "inventory", "payments" })
        {
            _services.Add(await StubServer.StartAsync(context => context.Response.WriteAsync($"{name} {context.Request.Method} {context.Request.Path}")));
        }

        _gateway = GatewayHost.Start(
            GatewayHost.Instance("orders", 0, _services[0].Address),
            GatewayHost.Instance("inventory", 0, _services[1].Address),
            GatewayHost.Instance("payments", 0, _services[2].Address));
    }

    public async ValueTask DisposeAsync()
    {
        await _gateway.DisposeAsync();
        foreach (var service in _services)
        {
            await service.DisposeAsync();
        }
    }

    [Theory]
    [InlineData("POST", "/orders", "orders POST /orders")]
    [InlineData("GET", "/orders/42", "orders GET /orders/42")]
    [InlineData("POST", "/orders/42/cancel", "orders POST /orders/42/cancel")]
    [InlineData("GET", "/inventory/85123A", "inventory GET /inventory/85123A")]
    [InlineData("PUT", "/inventory/85123A", "inventory PUT /inventory/85123A")]
    [InlineData("GET", "/inventory/BANK%20CHARGES", "inventory GET /inventory/BANK%20CHARGES")]
    [InlineData("GET", "/inventory/a%2Fb", "inventory GET /inventory/a%2Fb")]
    [InlineData("GET", "/payments/42", "payments GET /payments/42")]
    public async Task What_the_shop_offers_is_reached(string method, string path, string expected)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);

        var response = await _gateway.Http.SendAsync(request, Cancel);

        (await response.Content.ReadAsStringAsync(Cancel)).ShouldBe(expected);
    }

    [Theory]
    [InlineData("POST", "/payments", 404)]
    [InlineData("POST", "/payments/42/refund", 404)]
    [InlineData("POST", "/payments/42", 405)]
    [InlineData("POST", "/provider/charges", 404)]
    [InlineData("GET", "/orders", 405)]
    [InlineData("DELETE", "/orders/42", 405)]
    [InlineData("DELETE", "/inventory/85123A", 405)]
    [InlineData("POST", "/resilientshop.inventory.v1.InventoryService/Release", 404)]
    [InlineData("GET", "/nowhere", 404)]
    public async Task What_is_internal_or_unknown_is_not(string method, string path, int status)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);

        var problem = await Problem.ReadAsync(await _gateway.Http.SendAsync(request, Cancel));

        ((int)problem.Status).ShouldBe(status);
        problem.Code.ShouldBe(status == 404 ? ProblemCodes.NotFound : ProblemCodes.MethodNotAllowed);
    }

    [Fact]
    public async Task The_front_page_tells_where_to_go() =>
        (await _gateway.Http.GetStringAsync("/", Cancel)).ShouldContain("POST /orders");

    [Fact]
    public async Task The_gateway_reports_its_own_health_and_metrics()
    {
        (await _gateway.Http.GetAsync("/health", Cancel)).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await _gateway.Http.GetStringAsync("/metrics", Cancel)).ShouldContain("target_info");
    }

    [Fact]
    public async Task No_other_origin_is_allowed_to_read_the_answers()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/orders/42") { Headers = { { "Origin", "https://evil.example" } } };

        (await _gateway.Http.SendAsync(request, Cancel)).Headers.Contains("Access-Control-Allow-Origin").ShouldBeFalse();
    }
}
