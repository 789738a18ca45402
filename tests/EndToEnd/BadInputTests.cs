using System.Net;
using System.Text;
using EndToEnd.Tests.Shop;

namespace EndToEnd.Tests;

/// <summary>What the gateway answers to bodies that are wrong, and that nothing of them is kept.</summary>
public sealed class BadInputTests(RunningShop shop)
{
    private const string Good = """{"customerId":"1","currency":"GBP","lines":[{"sku":"SKU","quantity":1,"unitPrice":1}],"payment":{"token":"tok_ok"}}""";

    public static TheoryData<string, string, string> WrongBodies => new()
    {
        { "{", "MALFORMED_BODY", "" },
        { "[]", "MALFORMED_BODY", "" },
        { "null", "MALFORMED_BODY", "" },
        { "", "MALFORMED_BODY", "" },
        { "{}", "VALIDATION_FAILED", "customerId" },
        { Good.Replace("\"quantity\":1,", ""), "VALIDATION_FAILED", "lines[0].quantity" },
        { Good.Replace("\"quantity\":1", "\"quantity\":-1"), "VALIDATION_FAILED", "lines[0].quantity" },
        { Good.Replace("\"quantity\":1", "\"quantity\":0"), "VALIDATION_FAILED", "lines[0].quantity" },
        { Good.Replace("\"quantity\":1", "\"quantity\":\"NaN\""), "", "lines[0].quantity" },
        { Good.Replace("\"quantity\":1", "\"quantity\":NaN"), "MALFORMED_BODY", "" },
        { Good.Replace("\"quantity\":1", "\"quantity\":1e400"), "", "lines[0].quantity" },
        { Good.Replace("\"unitPrice\":1", "\"unitPrice\":0"), "VALIDATION_FAILED", "lines[0].unitPrice" },
        { Good.Replace("\"unitPrice\":1", "\"unitPrice\":\"NaN\""), "", "lines[0].unitPrice" },
        { Good.Replace("GBP", "pounds"), "VALIDATION_FAILED", "currency" },
        { Good.Replace("{\"sku\":\"SKU\",\"quantity\":1,\"unitPrice\":1}", ""), "VALIDATION_FAILED", "lines" },
        { Good.Replace("\"payment\":{\"token\":\"tok_ok\"}", "\"payment\":null"), "VALIDATION_FAILED", "payment" },
        { Good.Replace("SKU", "NO-SUCH-SKU"), "UNKNOWN_SKU", "lines[0].sku" },
    };

    [Theory(Timeout = 180_000)]
    [MemberData(nameof(WrongBodies))]
    public async Task A_wrong_order_is_a_400_that_names_the_field(string body, string code, string field)
    {
        if (code == "UNKNOWN_SKU")
        {
            await shop.WellAsync(TestContext.Current.CancellationToken);
        }

        using var answer = await shop.Gateway.PostAsync("orders", Json.Body(body), TestContext.Current.CancellationToken);

        answer.StatusCode.ShouldBe(HttpStatusCode.BadRequest, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        answer.Content.Headers.ContentType!.MediaType.ShouldBe("application/problem+json");
        var problem = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        problem.ShouldContain(field);
        problem.ShouldContain(code);
    }

    [Fact(Timeout = 180_000)]
    public async Task Ten_thousand_lines_are_too_many()
    {
        var lines = string.Join(',', Enumerable.Repeat("""{"sku":"SKU","quantity":1,"unitPrice":1}""", 10_000));
        var body = Good.Replace("""{"sku":"SKU","quantity":1,"unitPrice":1}""", lines);

        using var answer = await shop.Gateway.PostAsync("orders", Json.Body(body), TestContext.Current.CancellationToken);

        answer.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).ShouldContain("10000");
    }

    [Fact(Timeout = 180_000)]
    public async Task Ten_megabytes_are_too_much()
    {
        using var answer = await shop.Gateway.PostAsync("orders", Json.Body(Good + new string(' ', 10_000_000)), TestContext.Current.CancellationToken);

        answer.StatusCode.ShouldBe(HttpStatusCode.RequestEntityTooLarge);
        (await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).ShouldContain("BODY_TOO_LARGE");
    }

    [Fact(Timeout = 180_000)]
    public async Task Another_content_type_is_refused()
    {
        using var answer = await shop.Gateway.PostAsync("orders", new StringContent(Good, Encoding.UTF8, "text/plain"), TestContext.Current.CancellationToken);

        answer.StatusCode.ShouldBe(HttpStatusCode.UnsupportedMediaType);
        (await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).ShouldContain("application/json");
    }

    [Theory(Timeout = 180_000)]
    [InlineData("POST", "payments")]
    [InlineData("POST", "payments/00000000-0000-0000-0000-000000000001/refund")]
    [InlineData("POST", "provider/charges")]
    [InlineData("GET", "metrics/anything")]
    [InlineData("DELETE", "orders/00000000-0000-0000-0000-000000000001")]
    public async Task What_is_not_for_strangers_is_not_reachable_through_the_gateway(string method, string path)
    {
        using var answer = await shop.Gateway.SendAsync(new HttpRequestMessage(new HttpMethod(method), path) { Content = Json.Body("{}") }, TestContext.Current.CancellationToken);

        answer.StatusCode.ShouldBeOneOf(HttpStatusCode.NotFound, HttpStatusCode.MethodNotAllowed);
        answer.Content.Headers.ContentType!.MediaType.ShouldBe("application/problem+json");
    }

    [Theory(Timeout = 180_000)]
    [InlineData("""{"available":-1}""")]
    [InlineData("""{"available":"many"}""")]
    [InlineData("""{"available":NaN}""")]
    [InlineData("{}")]
    public async Task Stock_that_is_no_number_or_negative_is_refused(string body)
    {
        using var answer = await shop.Gateway.PutAsync("inventory/10001", Json.Body(body), TestContext.Current.CancellationToken);

        answer.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).ShouldContain("code");
    }
}
