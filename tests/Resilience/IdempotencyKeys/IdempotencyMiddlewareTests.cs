using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Resilience.Tests.IdempotencyKeys;

/// <summary>What callers of an idempotent endpoint see.</summary>
public sealed class IdempotencyMiddlewareTests
{
    [Fact]
    public async Task A_repeat_gets_the_same_bytes_and_headers_and_does_not_act()
    {
        await using var host = await IdempotentHost.StartAsync(CreateAsync);
        using var first = await host.PostAsync();
        using var second = await host.PostAsync();

        host.Handled.ShouldBe(1);
        second.StatusCode.ShouldBe(HttpStatusCode.Created);
        (await second.Content.ReadAsByteArrayAsync(IdempotentHost.Cancel)).ShouldBe(await first.Content.ReadAsByteArrayAsync(IdempotentHost.Cancel));
        second.Headers.Location.ShouldBe(first.Headers.Location);
        second.Headers.ETag.ShouldBe(first.Headers.ETag);
        second.Headers.GetValues("Link").ShouldBe(first.Headers.GetValues("Link"));
        second.Content.Headers.ToString().ShouldBe(first.Content.Headers.ToString());
        second.Headers.Contains("Set-Cookie").ShouldBeFalse();
        first.Headers.Contains(IdempotencyHeaders.Replayed).ShouldBeFalse();
        second.Headers.GetValues(IdempotencyHeaders.Replayed).ShouldBe(["true"]);
    }

    [Fact]
    public async Task The_handler_reads_the_body_as_it_was_sent()
    {
        var large = new string('x', 100_000);
        await using var host = await IdempotentHost.StartAsync(EchoAsync);
        using var first = await host.PostAsync(body: large);
        using var second = await host.PostAsync(body: large);
        (await first.Content.ReadAsStringAsync(IdempotentHost.Cancel)).ShouldBe(large);
        (await second.Content.ReadAsStringAsync(IdempotentHost.Cancel)).ShouldBe(large);
    }

    [Theory]
    [InlineData("other", "/things/one", "text/plain")]
    [InlineData("body", "/things/two", "text/plain")]
    [InlineData("body", "/things/one?x=1", "text/plain")]
    [InlineData("body", "/things/one", "text/csv")]
    public async Task Another_request_under_the_key_is_422(string body, string path, string type)
    {
        await using var host = await IdempotentHost.StartAsync(CreateAsync);
        await host.PostAsync();
        using var reused = await host.PostAsync("key", body, path, type);
        reused.StatusCode.ShouldBe(HttpStatusCode.UnprocessableEntity);
        (await IdempotentHost.CodeAsync(reused)).ShouldBe("IDEMPOTENCY_KEY_REUSED");
        host.Handled.ShouldBe(1);
    }

    [Theory]
    [InlineData(200)]
    [InlineData(400)]
    [InlineData(404)]
    [InlineData(409)]
    [InlineData(422)]
    public async Task A_final_answer_is_given_again(int status)
    {
        await using var host = await IdempotentHost.StartAsync(context => AnswerAsync(context, status));
        using var first = await host.PostAsync();
        using var second = await host.PostAsync();
        second.StatusCode.ShouldBe((HttpStatusCode)status);
        (await second.Content.ReadAsStringAsync(IdempotentHost.Cancel)).ShouldBe(await first.Content.ReadAsStringAsync(IdempotentHost.Cancel));
        host.Handled.ShouldBe(1);
    }

    [Theory]
    [InlineData(401)]
    [InlineData(408)]
    [InlineData(425)]
    [InlineData(429)]
    [InlineData(500)]
    [InlineData(503)]
    public async Task An_answer_that_only_says_not_now_frees_the_key(int status)
    {
        var isFirst = true;
        await using var host = await IdempotentHost.StartAsync(context =>
        {
            var answer = AnswerAsync(context, isFirst ? status : 200);
            isFirst = false;
            return answer;
        });
        using var first = await host.PostAsync();
        first.StatusCode.ShouldBe((HttpStatusCode)status);
        (await first.Content.ReadAsStringAsync(IdempotentHost.Cancel)).ShouldBe($"answer {status}");

        // Free also for another request: nothing is known under the key.
        using var second = await host.PostAsync(body: "corrected");
        second.StatusCode.ShouldBe(HttpStatusCode.OK);
        second.Headers.Contains(IdempotencyHeaders.Replayed).ShouldBeFalse();
    }

    [Fact]
    public async Task An_exception_frees_the_key_and_goes_on()
    {
        var isFirst = true;
        await using var host = await IdempotentHost.StartAsync(async context =>
        {
            await context.Response.WriteAsync("half");
            if (isFirst)
            {
                isFirst = false;
                throw new InvalidOperationException("Broken.");
            }
        });
        (await Should.ThrowAsync<InvalidOperationException>(() => host.PostAsync())).Message.ShouldBe("Broken.");
        using var second = await host.PostAsync();
        (await second.Content.ReadAsStringAsync(IdempotentHost.Cancel)).ShouldBe("half");
    }

    [Fact]
    public async Task An_answer_without_a_body_is_given_again()
    {
        await using var host = await IdempotentHost.StartAsync(context => TypedResults.NoContent().ExecuteAsync(context));
        await host.PostAsync();
        using var second = await host.PostAsync();
        second.StatusCode.ShouldBe(HttpStatusCode.NoContent);
        host.Handled.ShouldBe(1);
    }

    [Fact]
    public async Task A_key_belongs_to_its_route()
    {
        await using var host = await IdempotentHost.StartAsync(CreateAsync);
        await host.PostAsync(path: "/things/one");
        using var other = await host.PostAsync(path: "/accepting");
        other.StatusCode.ShouldBe(HttpStatusCode.Created);
        host.Handled.ShouldBe(2);
    }

    [Fact]
    public async Task Callers_cannot_read_each_others_answers()
    {
        var caller = "anna";
        await using var host = await IdempotentHost.StartAsync(CreateAsync, options => options.Caller = _ => caller);
        using var annas = await host.PostAsync();
        caller = "ben";
        using var bens = await host.PostAsync();
        bens.Headers.Location.ShouldNotBe(annas.Headers.Location);
        host.Handled.ShouldBe(2);
    }

    [Fact]
    public async Task What_the_handler_committed_itself_is_the_answer()
    {
        var answer = StoredAnswer.Json(201, new { id = 7 }, KeyValuePair.Create("Location", "/things/7"));
        await using var host = await IdempotentHost.StartAsync(async context =>
        {
            var request = context.Features.GetRequiredFeature<IIdempotentRequest>();
            request.TookOver.ShouldBeFalse();
            await context.RequestServices.GetRequiredService<IIdempotencyStore>().CompleteAsync(request.Claim, answer, IdempotentHost.Cancel);
            request.AnswerStored(answer);
            Should.Throw<InvalidOperationException>(() => request.AnswerStored(answer));
            await context.Response.WriteAsync("something else");
        });
        foreach (var response in (HttpResponseMessage[])[await host.PostAsync(), await host.PostAsync()])
        {
            response.StatusCode.ShouldBe(HttpStatusCode.Created);
            response.Headers.Location.ShouldBe(new Uri("/things/7", UriKind.Relative));
            (await response.Content.ReadAsStringAsync(IdempotentHost.Cancel)).ShouldBe("{\"id\":7}");
        }
    }

    [Fact]
    public async Task Endpoints_without_the_mark_act_every_time()
    {
        await using var host = await IdempotentHost.StartAsync(CreateAsync);
        await host.PostAsync(path: "/unmarked");
        await host.PostAsync(path: "/unmarked");
        host.Handled.ShouldBe(2);
    }

    [Fact]
    public async Task Others_can_read_which_endpoints_are_idempotent()
    {
        await using var host = await IdempotentHost.StartAsync(CreateAsync);
        var marks = host.Services.GetRequiredService<EndpointDataSource>().Endpoints.Select(endpoint => endpoint.Metadata.GetMetadata<IIdempotencyKeyMetadata>()?.IsRequired);
        marks.ShouldBe([true, false, null]);
    }

    [Fact]
    public async Task A_missing_registration_is_told_at_start()
    {
        await using var withoutStore = WebApplication.CreateSlimBuilder().Build();
        Should.Throw<InvalidOperationException>(withoutStore.UseIdempotency).Message.ShouldContain("AddPostgresIdempotency");

        var builder = WebApplication.CreateSlimBuilder();
        builder.Services.AddInMemoryIdempotency();
        await using var withoutServices = builder.Build();
        Should.Throw<InvalidOperationException>(withoutServices.UseIdempotency).Message.ShouldContain("AddIdempotency");
    }

    internal static Task CreateAsync(HttpContext context)
    {
        var id = Guid.NewGuid();
        context.Response.Headers.ETag = $"\"{id:N}\"";
        context.Response.Headers.Append("Link", "</a>");
        context.Response.Headers.Append("Link", "</b>");
        context.Response.Headers.SetCookie = "session=secret";
        return TypedResults.Created($"/things/{id}", new { id }).ExecuteAsync(context);
    }

    private static Task AnswerAsync(HttpContext context, int status)
    {
        context.Response.StatusCode = status;
        return context.Response.WriteAsync($"answer {status}");
    }

    private static Task EchoAsync(HttpContext context) => context.Request.Body.CopyToAsync(context.Response.Body);
}
