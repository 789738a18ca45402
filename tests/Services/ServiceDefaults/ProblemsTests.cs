using System.Net;
using System.Reflection;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Services.Tests.ServiceDefaults;

public sealed class ProblemsTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_defect_is_500_and_tells_nothing_of_the_inside_not_even_in_development()
    {
        await using var app = await DefaultsApp.StartAsync(
            DefaultsApp.CreateBuilder(),
            app => app.MapGet("/defect", string () => throw new InvalidOperationException("password=hunter2")));

        var response = await app.Http.GetAsync("/defect", Cancel);

        (await response.Content.ReadAsStringAsync(Cancel)).ShouldNotContain("hunter2");
        var problem = await Problem.ReadAsync(response);
        problem.Status.ShouldBe(HttpStatusCode.InternalServerError);
        problem.Code.ShouldBe(ProblemCodes.InternalError);
    }

    [Fact]
    public async Task A_path_that_is_not_there_is_404_with_a_body()
    {
        await using var app = await DefaultsApp.StartAsync(DefaultsApp.CreateBuilder());

        var problem = await Problem.ReadAsync(await app.Http.GetAsync("/nowhere", Cancel));

        problem.Code.ShouldBe(ProblemCodes.NotFound);
        problem.Detail.ShouldBe("There is nothing at /nowhere.");
    }

    [Fact]
    public async Task A_parameter_that_does_not_bind_is_400_with_a_body()
    {
        await using var app = await DefaultsApp.StartAsync(
            DefaultsApp.CreateBuilder(),
            app => app.MapGet("/page", (int number) => number));

        (await Problem.ReadAsync(await app.Http.GetAsync("/page?number=many", Cancel))).Status.ShouldBe(HttpStatusCode.BadRequest);
        (await Problem.ReadAsync(await app.Http.GetAsync("/page", Cancel))).Status.ShouldBe(HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task A_problem_of_an_endpoint_keeps_its_code_and_members_and_gets_a_trace_id()
    {
        await using var app = await DefaultsApp.StartAsync(
            DefaultsApp.CreateBuilder(),
            app => app.MapGet("/gone", () => ProblemResults.Problem(409, "OUT_OF_STOCK", "Sold out.", new KeyValuePair<string, object?>("orderId", "42"))));

        var problem = await Problem.ReadAsync(await app.Http.GetAsync("/gone", Cancel));

        problem.Code.ShouldBe("OUT_OF_STOCK");
        problem.Detail.ShouldBe("Sold out.");
        problem.Body.GetProperty("orderId").GetString().ShouldBe("42");
    }

    [Theory]
    [InlineData(400, null)]
    [InlineData(404, ProblemCodes.NotFound)]
    [InlineData(405, ProblemCodes.MethodNotAllowed)]
    [InlineData(413, ProblemCodes.BodyTooLarge)]
    [InlineData(415, ProblemCodes.UnsupportedMediaType)]
    [InlineData(429, ProblemCodes.RateLimited)]
    [InlineData(500, ProblemCodes.InternalError)]
    [InlineData(503, ProblemCodes.ServiceUnavailable)]
    [InlineData(504, ProblemCodes.DeadlineExceeded)]
    [InlineData(418, "HTTP_418")]
    public void A_status_without_a_code_gets_the_contracts_one(int status, string? code) =>
        StatusCodeNames.For(status).ShouldBe(code ?? "BAD_REQUEST");

    [Fact]
    public void Codes_that_both_the_defaults_and_the_contracts_name_are_the_same()
    {
        var contracts = typeof(ProblemCodes).GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => (string)field.GetRawConstantValue()!).ToArray();

        contracts.ShouldContain(StatusCodeNames.MalformedBody);
        contracts.ShouldContain(StatusCodeNames.ValidationFailed);
        contracts.ShouldContain(StatusCodeNames.InternalError);
        contracts.ShouldBeUnique();
    }
}
