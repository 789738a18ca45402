using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Tools.Tests.FakeShop;

/// <summary>The shop's API on a free loopback port, over real HTTP, with faults to order.</summary>
internal sealed class ShopOnLoopback : IAsyncDisposable
{
    private readonly WebApplication _app;

    private ShopOnLoopback(WebApplication app, ShopState state)
    {
        _app = app;
        State = state;
    }

    public ShopState State { get; }

    public string Url => _app.Services.GetRequiredService<Microsoft.AspNetCore.Hosting.Server.IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();

    public static async Task<ShopOnLoopback> StartAsync(ShopFaults? faults = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromSeconds(1));
        var app = builder.Build();
        var state = new ShopState(faults ?? new ShopFaults());
        Map(app, state, faults ?? new ShopFaults());
        await app.StartAsync();
        return new ShopOnLoopback(app, state);
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private static void Map(WebApplication app, ShopState state, ShopFaults faults)
    {
        app.Use((context, next) => InterruptAsync(context, next, state, faults));
        app.MapGet("/inventory/{sku}", (string sku) => state.GetStock(sku) is { } stock ? Results.Ok(stock) : NotFound());
        app.MapPut("/inventory/{sku}", (string sku, SetStockRequest body) =>
            faults.RefusesStock ? Problem(400, ProblemCodes.ValidationFailed, null) : Results.Ok(state.SetStock(sku, body.Available)));
        app.MapGet("/payments/{id:guid}", (Guid id) =>
            faults.GarblesPayments ? Results.Text("<p>sorry</p>") : !faults.ForgetsPayments && state.GetPayment(id) is { } payment ? Results.Ok(payment) : NotFound());
        app.MapGet("/orders/{id:guid}", (Guid id) => state.GetOrder(id) is { } order ? Results.Ok(order) : NotFound());
        app.MapPost("/orders/{id:guid}/cancel", (Guid id) =>
            !faults.RefusesCancellations && state.Cancel(id) is { } order ? Results.Ok(order) : NotFound());
        app.MapPost("/orders", (HttpContext context, PlaceOrderRequest order) => PlaceAsync(context, order, state, faults));
    }

    private static Task InterruptAsync(HttpContext context, RequestDelegate next, ShopState state, ShopFaults faults)
    {
        IResult? result = true switch
        {
            _ when faults.IsSomethingElse => Results.Text("<h1>Not here</h1>", "text/html", null, 404),
            _ when state.Use(nameof(ShopFaults.Unavailable), faults.Unavailable) => Problem(503, "SERVICE_UNAVAILABLE", null),
            _ when state.Use(nameof(ShopFaults.RateLimited), faults.RateLimited) => Problem(429, ProblemCodes.RateLimited, null),
            _ => null,
        };
        if (result is null)
        {
            return next(context);
        }

        context.Response.Headers.RetryAfter = "0";
        return result.ExecuteAsync(context);
    }

    private static async Task<IResult> PlaceAsync(HttpContext context, PlaceOrderRequest order, ShopState state, ShopFaults faults)
    {
        faults.OnOrder?.Invoke();
        await faults.Gate.WaitAsync(context.RequestAborted);
        if (faults.NeverTakesOrders)
        {
            return Problem(503, "SERVICE_UNAVAILABLE", null);
        }

        var answer = state.Place(context.Request.Headers["Idempotency-Key"].ToString(), order);
        if (state.Use(nameof(ShopFaults.LostReplies), faults.LostReplies))
        {
            context.Abort();
            return Results.Empty;
        }

        return answer.Status is 200 or 201 or 202 ? Json(answer, faults) : Problem(answer.Status, answer.Code!, answer.OrderId);
    }

    private static IResult Json(StoredAnswer answer, ShopFaults faults)
    {
        if (!faults.WritesNumbersAsText)
        {
            return Results.Json(answer.View, statusCode: answer.Status);
        }

        var json = JsonSerializer.SerializeToNode(answer.View, JsonSerializerOptions.Web)!;
        json["total"] = JsonValue.Create("12.50");
        return Results.Json(json, statusCode: answer.Status);
    }

    private static IResult NotFound() => Problem(404, ProblemCodes.NotFound, null);

    private static IResult Problem(int status, string code, Guid? orderId) => Results.Problem(
        statusCode: status,
        detail: "as the test wanted it",
        extensions: new Dictionary<string, object?> { ["code"] = code, ["orderId"] = orderId });
}
