using System.Net;
using System.Net.Http.Json;

namespace Services.Tests.Inventory;

public sealed class StockEndpointTests(InventoryFixture inventory) : IClassFixture<InventoryFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_was_put_is_what_is_got()
    {
        var put = await inventory.Http.PutAsJsonAsync("/inventory/85123A", new SetStockRequest(12.5m), Cancel);

        put.StatusCode.ShouldBe(HttpStatusCode.OK);
        (await put.Content.ReadFromJsonAsync<StockView>(Cancel)).ShouldBe(new StockView("85123A", 12.5m, 0));
        (await inventory.ViewAsync("85123A")).ShouldBe(new StockView("85123A", 12.5m, 0));
    }

    [Theory]
    [InlineData("BANK CHARGES", "BANK%20CHARGES")]
    [InlineData("a/b", "a%2Fb")]
    [InlineData("größe-ü", "gr%C3%B6%C3%9Fe-%C3%BC")]
    public async Task A_sku_may_have_any_visible_character(string sku, string path)
    {
        await inventory.Http.PutAsJsonAsync($"/inventory/{path}", new SetStockRequest(1), Cancel);

        (await inventory.ViewAsync(path)).Sku.ShouldBe(sku);
    }

    [Fact]
    public async Task An_unknown_sku_is_not_found()
    {
        var problem = await Problem.ReadAsync(await inventory.Http.GetAsync("/inventory/never-seen", Cancel));

        problem.Status.ShouldBe(HttpStatusCode.NotFound);
        problem.Code.ShouldBe(ProblemCodes.NotFound);
        problem.Detail!.ShouldContain("never-seen");
    }

    [Theory]
    [InlineData("{\"available\": -1}", "is -1")]
    [InlineData("{\"available\": 1000000001}", "is 1000000001")]
    [InlineData("{\"available\": 1.0001}", "at most 3 decimal places")]
    [InlineData("{\"available\": null}", "is missing")]
    [InlineData("{}", "is missing")]
    public async Task A_value_out_of_range_names_the_field_and_stores_nothing(string body, string expected)
    {
        var problem = await Problem.ReadAsync(await inventory.Http.PutAsync("/inventory/out-of-range", Json.Body(body), Cancel));

        problem.Status.ShouldBe(HttpStatusCode.BadRequest);
        problem.Code.ShouldBe(ProblemCodes.ValidationFailed);
        problem.Error("available").ShouldContain(expected);
        (await inventory.Http.GetAsync("/inventory/out-of-range", Cancel)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Theory]
    [InlineData("{\"available\": \"5\"}", "$.available")]
    [InlineData("{\"available\": \"NaN\"}", "$.available")]
    [InlineData("{\"available\": 1e400}", "$.available")]
    [InlineData("{\"available\": 1, \"available\": 2}", "$.available")]
    [InlineData("{\"available\": 5", "$.available")]
    [InlineData("[]", "$")]
    public async Task A_body_of_another_shape_says_where_it_cannot_be_read(string body, string path)
    {
        var problem = await Problem.ReadAsync(await inventory.Http.PutAsync("/inventory/malformed", Json.Body(body), Cancel));

        problem.Status.ShouldBe(HttpStatusCode.BadRequest);
        problem.Code.ShouldBe(ProblemCodes.MalformedBody);
        problem.Body.GetProperty("path").GetString().ShouldBe(path);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    public async Task A_body_that_is_not_there_is_malformed(string body)
    {
        var problem = await Problem.ReadAsync(await inventory.Http.PutAsync("/inventory/empty", Json.Body(body), Cancel));

        problem.Status.ShouldBe(HttpStatusCode.BadRequest);
        problem.Code.ShouldBe(ProblemCodes.MalformedBody);
    }

    [Fact]
    public async Task Another_content_type_is_refused()
    {
        var problem = await Problem.ReadAsync(await inventory.Http.PutAsync("/inventory/text", new StringContent("5"), Cancel));

        problem.Status.ShouldBe(HttpStatusCode.UnsupportedMediaType);
        problem.Code.ShouldBe(ProblemCodes.UnsupportedMediaType);
    }

    [Theory]
    [InlineData("a%01b", "has a control character")]
    [InlineData("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "has 65 characters")]
    public async Task A_sku_that_cannot_be_is_refused(string path, string expected)
    {
        var problem = await Problem.ReadAsync(await inventory.Http.PutAsync($"/inventory/{path}", Json.Body("""{"available": 1}"""), Cancel));

        problem.Status.ShouldBe(HttpStatusCode.BadRequest);
        problem.Error("sku").ShouldContain(expected);
    }

    [Fact]
    public async Task Another_method_is_not_allowed()
    {
        var response = await inventory.Http.DeleteAsync("/inventory/a", Cancel);

        (await Problem.ReadAsync(response)).Code.ShouldBe(ProblemCodes.MethodNotAllowed);
        response.Content.Headers.Allow.ShouldBe(["GET", "PUT"], ignoreOrder: true);
    }

    [Fact]
    public async Task The_service_is_healthy_once_its_database_answers() =>
        (await inventory.Http.GetStringAsync("/health", Cancel)).ShouldContain("\"inventorydb\":{\"status\":\"Healthy\"");
}
