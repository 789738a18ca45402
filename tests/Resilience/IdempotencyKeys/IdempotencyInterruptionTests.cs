using System.Diagnostics.Metrics;
using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Resilience.Tests.IdempotencyKeys;

/// <summary>Requests that meet each other, hang up, outlive their lease or lose their store.</summary>
public sealed class IdempotencyInterruptionTests
{
    private readonly TaskCompletionSource _entered = New();
    private readonly TaskCompletionSource _mayLeave = New();

    [Fact]
    public async Task While_the_first_is_under_way_a_repeat_is_409_and_told_when_to_come_back()
    {
        await using var host = await IdempotentHost.StartAsync(PauseAsync);
        var first = host.PostAsync();
        await _entered.Task;

        using var second = await host.PostAsync();
        second.StatusCode.ShouldBe(HttpStatusCode.Conflict);
        second.Headers.RetryAfter.ShouldNotBeNull().Delta.ShouldBe(TimeSpan.FromSeconds(1));
        (await IdempotentHost.CodeAsync(second)).ShouldBe("IDEMPOTENCY_IN_PROGRESS");

        _mayLeave.SetResult();
        (await first).StatusCode.ShouldBe(HttpStatusCode.Created);
        (await host.PostAsync()).StatusCode.ShouldBe(HttpStatusCode.Created);
        host.Handled.ShouldBe(1);
    }

    [Fact]
    public async Task Of_fifty_at_once_one_acts_and_the_others_wait_for_its_answer()
    {
        await using var host = await IdempotentHost.StartAsync(PauseAsync);
        var all = Enumerable.Range(0, 50).Select(_ => Task.Run(() => host.PostAsync(), IdempotentHost.Cancel)).ToList();
        await _entered.Task;
        var refused = new List<HttpResponseMessage>();
        await foreach (var response in Task.WhenEach(all))
        {
            refused.Add(await response);
            if (refused.Count == 49)
            {
                _mayLeave.SetResult();
            }
        }

        refused.Count(response => response.StatusCode == HttpStatusCode.Conflict).ShouldBe(49);
        refused[^1].StatusCode.ShouldBe(HttpStatusCode.Created);
        host.Handled.ShouldBe(1);
    }

    [Fact]
    public async Task A_caller_who_hangs_up_does_not_stop_the_handler_and_finds_the_answer()
    {
        var wasCancelled = false;
        await using var host = await IdempotentHost.StartAsync(async context =>
        {
            await PauseAsync(context);
            wasCancelled = context.RequestAborted.IsCancellationRequested;
        });
        using var hangUp = new CancellationTokenSource();
        var first = host.PostAsync(cancel: hangUp.Token);
        await _entered.Task;
        await hangUp.CancelAsync();
        _mayLeave.SetResult();
        await Should.ThrowAsync<OperationCanceledException>(() => first);

        using var again = await UntilAnsweredAsync(host);
        again.Headers.Contains(IdempotencyHeaders.Replayed).ShouldBeTrue();
        wasCancelled.ShouldBeFalse();
        host.Handled.ShouldBe(1);
    }

    [Fact]
    public async Task A_handler_slower_than_its_lease_is_taken_over_and_gives_no_second_answer()
    {
        var runs = 0;
        await using var host = await IdempotentHost.StartAsync(context =>
            Interlocked.Increment(ref runs) == 1 ? PauseAsync(context) : IdempotencyMiddlewareTests.CreateAsync(context));
        using var counts = Counts(host);
        var first = host.PostAsync("a-secret-key");
        await _entered.Task;
        host.Time.Advance(TimeSpan.FromMinutes(1));

        using var second = await host.PostAsync("a-secret-key");
        _mayLeave.SetResult();
        using var late = await first;
        using var third = await host.PostAsync("a-secret-key");

        second.StatusCode.ShouldBe(HttpStatusCode.Created);
        late.StatusCode.ShouldBe(HttpStatusCode.Conflict);
        late.Headers.Location.ShouldBeNull();
        late.Headers.RetryAfter.ShouldNotBeNull();
        (await IdempotentHost.CodeAsync(late)).ShouldBe("IDEMPOTENCY_IN_PROGRESS");
        third.Headers.Location.ShouldBe(second.Headers.Location);
        counts.InOrder.ShouldBe(["started", "taken_over", "superseded", "replayed"]);
        host.Logs.Messages.ShouldContain(message => message.StartsWith("Warning", StringComparison.Ordinal) && message.Contains("carried out again"));
        host.Logs.Messages.ShouldAllBe(message => !message.Contains("secret"));
    }

    [Fact]
    public async Task An_answer_too_large_to_keep_reaches_the_first_caller_and_a_repeat_does_not_act()
    {
        await using var host = await IdempotentHost.StartAsync(
            context =>
            {
                context.Response.Headers.Location = "/things/7";
                return context.Response.WriteAsync(new string('x', 200_000));
            },
            options => options.MaxAnswerBytes = 199_999);
        using var first = await host.PostAsync();
        using var second = await host.PostAsync();

        (await first.Content.ReadAsStringAsync(IdempotentHost.Cancel)).Length.ShouldBe(200_000);
        second.StatusCode.ShouldBe(HttpStatusCode.Conflict);
        (await IdempotentHost.CodeAsync(second)).ShouldBe("IDEMPOTENCY_ANSWER_NOT_KEPT");
        second.Headers.Location.ShouldBe(new Uri("/things/7", UriKind.Relative));
        host.Handled.ShouldBe(1);
    }

    [Fact]
    public async Task An_answer_that_cannot_be_stored_is_sent_nevertheless()
    {
        await using var host = await IdempotentHost.StartAsync(IdempotencyMiddlewareTests.CreateAsync, store: new StoreThatIsAway(begins: true));

        (await host.PostAsync()).StatusCode.ShouldBe(HttpStatusCode.Created);
        host.Logs.Messages.ShouldContain(message => message.StartsWith("Error", StringComparison.Ordinal) && message.Contains(StoreThatIsAway.Reason));
    }

    [Fact]
    public async Task A_handlers_exception_is_not_hidden_by_a_store_that_is_away()
    {
        await using var host = await IdempotentHost.StartAsync(_ => throw new InvalidOperationException("Broken."), store: new StoreThatIsAway(begins: true));

        await Should.ThrowAsync<InvalidOperationException>(() => host.PostAsync());
    }

    [Fact]
    public async Task Nothing_acts_without_the_store()
    {
        await using var host = await IdempotentHost.StartAsync(IdempotencyMiddlewareTests.CreateAsync, store: new StoreThatIsAway(begins: false));

        await Should.ThrowAsync<IOException>(() => host.PostAsync());
        host.Handled.ShouldBe(0);
    }

    [Fact]
    public async Task Every_request_is_counted_by_its_outcome()
    {
        await using var host = await IdempotentHost.StartAsync(PauseAsync);
        using var counts = Counts(host);
        var first = host.PostAsync();
        await _entered.Task;
        await host.PostAsync();
        _mayLeave.SetResult();
        await first;
        await host.PostAsync();
        await host.PostAsync(body: "other");
        await host.PostAsync("with space");
        await host.PostAsync(path: "/unmarked");

        counts.InOrder.ShouldBe(["started", "in_progress", "replayed", "mismatch", "invalid"]);
    }

    private static CountedOutcomes Counts(IdempotentHost host) => new(host.Services.GetRequiredService<IMeterFactory>());

    private static async Task<HttpResponseMessage> UntilAnsweredAsync(IdempotentHost host)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        while (true)
        {
            var response = await host.PostAsync();
            if (response.StatusCode != HttpStatusCode.Conflict)
            {
                return response;
            }

            response.Dispose();
            await timer.WaitForNextTickAsync(IdempotentHost.Cancel);
        }
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private async Task PauseAsync(HttpContext context)
    {
        _entered.TrySetResult();
        await _mayLeave.Task.WaitAsync(IdempotentHost.Cancel);
        await IdempotencyMiddlewareTests.CreateAsync(context);
    }
}
