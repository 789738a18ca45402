using System.Net;
using System.Net.Http.Json;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using ResilientShop.NewService.Status;

namespace NewService.Tests;

/// <summary>The service as it runs, on a server in memory, with the policies as they are shipped.</summary>
public sealed class StatusTests : IDisposable
{
    private readonly WebApplicationFactory<StatusView> _service = new WebApplicationFactory<StatusView>().WithWebHostBuilder(web => web.UseSetting("Policies:Follow", "false"));

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _service.Dispose();

    [Fact]
    public async Task It_says_where_something_stands()
    {
        using var http = _service.CreateClient();

        (await http.GetFromJsonAsync<StatusView>("/new-service/1", Cancel))!.Status.ShouldBe("known");
    }

    [Fact]
    public async Task An_identifier_that_is_none_is_refused_and_says_what_would_be_right()
    {
        using var http = _service.CreateClient();

        using var answer = await http.GetAsync($"/new-service/{new string('x', 65)}", Cancel);

        answer.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await answer.Content.ReadAsStringAsync(Cancel)).ShouldContain("id has 65 characters; it must have 1 to 64.");
    }

    [Fact]
    public async Task It_is_healthy_and_tells_its_pipelines()
    {
        using var http = _service.CreateClient();

        (await http.GetAsync("/health", Cancel)).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await http.GetAsync("/resilience", Cancel)).StatusCode.ShouldBe(HttpStatusCode.OK);
    }
}
