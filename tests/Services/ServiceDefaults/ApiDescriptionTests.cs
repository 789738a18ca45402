using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Hosting;

namespace Services.Tests.ServiceDefaults;

public sealed class ApiDescriptionTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_api_is_described_without_its_housekeeping()
    {
        await using var app = await DefaultsApp.StartAsync(DefaultsApp.CreateBuilder(), app => app.MapGet("/things", () => "thing"));

        var document = await app.Http.GetStringAsync("/openapi/v1.json", Cancel);

        document.ShouldContain("\"/things\"");
        document.ShouldNotContain("\"/health\"");
    }

    [Fact]
    public async Task The_page_to_read_it_loads_nothing_from_other_hosts()
    {
        await using var app = await DefaultsApp.StartAsync(DefaultsApp.CreateBuilder());

        var page = await app.Http.GetStringAsync("/scalar/", Cancel);

        page.ShouldNotContain("://");
        page.ShouldContain("src=\"scalar.js\"");
        (await app.Http.GetAsync("/scalar/scalar.js", Cancel)).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task In_production_there_is_no_description()
    {
        var builder = DefaultsApp.CreateBuilder();
        builder.Environment.EnvironmentName = Environments.Production;
        await using var app = await DefaultsApp.StartAsync(builder);

        (await app.Http.GetAsync("/openapi/v1.json", Cancel)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await app.Http.GetAsync("/scalar/", Cancel)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }
}
