using System.Net;

namespace Services.Tests.Payments;

public sealed class ChargeInputTests(PaymentsFixture payments) : IClassFixture<PaymentsFixture>
{
    private const string Order = "0190a5c2-7d0e-7c4b-9f1e-2f7f5c1f6a10";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static TheoryData<string, string, string> BadFields => new()
    {
        { $$"""{"orderId": "{{Order}}", "currency": "GBP", "token": "tok_ok"}""", "amount", "is 0; it must be more than 0" },
        { $$"""{"orderId": "{{Order}}", "amount": -1, "currency": "GBP", "token": "tok_ok"}""", "amount", "is -1" },
        { $$"""{"orderId": "{{Order}}", "amount": 1000000000000001, "currency": "GBP", "token": "tok_ok"}""", "amount", "at most 1000000000000000" },
        { $$"""{"orderId": "{{Order}}", "amount": 0.00000001, "currency": "GBP", "token": "tok_ok"}""", "amount", "at most 7 decimal places" },
        { $$"""{"orderId": "{{Order}}", "amount": 1, "token": "tok_ok"}""", "currency", "is missing" },
        { $$"""{"orderId": "{{Order}}", "amount": 1, "currency": "gbp", "token": "tok_ok"}""", "currency", "is 'gbp'" },
        { $$"""{"orderId": "{{Order}}", "amount": 1, "currency": "POUND", "token": "tok_ok"}""", "currency", "has 5 characters" },
        { $$"""{"orderId": "{{Order}}", "amount": 1, "currency": "GBP"}""", "token", "is missing" },
        { $$"""{"orderId": "{{Order}}", "amount": 1, "currency": "GBP", "token": "tok ok"}""", "token", "not visible ASCII" },
        { """{"amount": 1, "currency": "GBP", "token": "tok_ok"}""", "orderId", "is missing" },
    };

    [Theory]
    [MemberData(nameof(BadFields))]
    public async Task A_field_out_of_range_is_named(string body, string field, string expected)
    {
        var problem = await Problem.ReadAsync(await payments.Http.PostAsync("/payments", Json.Body(body), Cancel));

        problem.Status.ShouldBe(HttpStatusCode.BadRequest);
        problem.Code.ShouldBe(ProblemCodes.ValidationFailed);
        problem.Error(field).ShouldContain(expected);
        problem.Body.GetProperty("errors").EnumerateObject().Count().ShouldBe(1);
    }

    [Fact]
    public async Task All_wrong_fields_are_named_at_once_and_nothing_is_stored()
    {
        var problem = await Problem.ReadAsync(await payments.Http.PostAsync("/payments", Json.Body("{}"), Cancel));

        problem.Body.GetProperty("errors").EnumerateObject().Select(error => error.Name).ShouldBe(["orderId", "amount", "currency", "token"], ignoreOrder: true);
        (await payments.Http.GetAsync($"/payments/{Order}", Cancel)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Theory]
    [InlineData("{\"orderId\": \"42\"}", "$.orderId")]
    [InlineData("{\"amount\": \"NaN\"}", "$.amount")]
    [InlineData("{\"amount\": null}", "$.amount")]
    [InlineData("{\"amount\": 1, \"amount\": 2}", "$.amount")]
    [InlineData("{\"token\": 5}", "$.token")]
    [InlineData("<charge/>", "$")]
    public async Task A_body_of_another_shape_says_where_it_cannot_be_read(string body, string path)
    {
        var problem = await Problem.ReadAsync(await payments.Http.PostAsync("/payments", Json.Body(body), Cancel));

        problem.Code.ShouldBe(ProblemCodes.MalformedBody);
        problem.Body.GetProperty("path").GetString().ShouldBe(path);
        problem.Detail!.ShouldNotContain(typeof(ChargeRequest).Namespace![..^"Contracts".Length]);
    }

    [Fact]
    public async Task A_body_over_the_limit_is_refused()
    {
        var problem = await Problem.ReadAsync(await payments.Http.PostAsync("/payments", Json.Body(new string(' ', 2_000_000)), Cancel));

        problem.Status.ShouldBe(HttpStatusCode.RequestEntityTooLarge);
        problem.Code.ShouldBe(ProblemCodes.BodyTooLarge);
    }
}
