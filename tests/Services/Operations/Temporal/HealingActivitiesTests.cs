using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Temporalio.Testing;

namespace Services.Tests.Operations.Temporal;

/// <summary>The activities as Temporal calls them, in the SDK's own environment for activities: heartbeats, cancellation, spans, and a second call with no second effect.</summary>
public sealed class HealingActivitiesTests(PostgresServer postgres) : IAsyncLifetime
{
    private static readonly Diagnosis Passing = new(Causes.Passing, "It has passed.", [], CanReplay: true, IsAway: false, RollBack: null);

    private readonly DeadLetter _letter = new()
    {
        ServiceName = "orders",
        Operation = "saga order: charge",
        ErrorCode = "PAYMENT_UNAVAILABLE",
        ErrorDetail = "It answered 503.",
        RetryCount = 3,
        Key = "order-1",
        Source = DeadLetterSource.Saga(Guid.NewGuid(), "charge"),
        Traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        Time = DateTimeOffset.UtcNow,
    };

    private FakeShop _shop = null!;
    private LetterWorld _world = null!;
    private HealingActivities _activities = null!;

    public async ValueTask InitializeAsync()
    {
        _shop = await FakeShop.StartAsync();
        _world = await LetterWorld.StartAsync(postgres, _shop.Settings);
        _activities = new HealingActivities(_world.Host.Services.GetRequiredService<HealingDeeds>());
    }

    public async ValueTask DisposeAsync()
    {
        await _world.DisposeAsync();
        await _shop.DisposeAsync();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_verification_beats_at_each_look_and_ends_when_it_is_cancelled()
    {
        _shop.Saga = "running";
        var letter = await ArrivedAsync(_letter with { Source = DeadLetterSource.Saga(_shop.Order, "charge") });
        var beats = 0;
        var environment = new ActivityEnvironment();
        environment = environment with
        {
            Heartbeater = _ =>
            {
                if (++beats == 3)
                {
                    environment.Cancel();
                }
            },
        };

        await Should.ThrowAsync<OperationCanceledException>(() => environment.RunAsync(() => _activities.VerifyAsync(letter, 1)));

        beats.ShouldBeGreaterThanOrEqualTo(3);
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    [Fact(Timeout = 60_000)]
    public async Task What_is_repeated_has_its_effect_once()
    {
        var letter = await ArrivedAsync((_letter with { Source = DeadLetterSource.Message("operations", "orders.events.v1", 0, 1, Guid.NewGuid().ToString(), "x") }).WithPayload("{}"u8));
        await using (var database = NpgsqlDataSource.Create(_world.Database))
        {
            await using var begun = database.CreateCommand("INSERT INTO healings (letter_id, opened_at, started_at, engine) SELECT id, now(), now(), 'temporal' FROM dead_letters");
            await begun.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }

        var environment = new ActivityEnvironment();
        for (var call = 0; call < 2; call++)
        {
            (await environment.RunAsync(() => _activities.BeginAttemptAsync(letter, 1, null))).IsGiven.ShouldBeTrue();
            (await environment.RunAsync(() => _activities.ReplayAsync(letter, 1))).IsSent.ShouldBeTrue();
            await environment.RunAsync(() => _activities.AlertAsync(letter, 1, Passing));
            await environment.RunAsync(() => _activities.EndAsync(letter, new HealingEnd(HealingEnd.GaveUp, "x", 1)));
        }

        var comments = (await _world.GetAsync("/api/tickets/1")).GetProperty("comments").EnumerateArray().Select(comment => comment.GetProperty("text").GetString()!).ToList();
        comments.Count(text => text.StartsWith("Try 1:", StringComparison.Ordinal)).ShouldBe(1);
        comments.Count(text => text.StartsWith("Alert of try 1", StringComparison.Ordinal)).ShouldBe(1);
        comments.Count(text => text.StartsWith("The healing ended", StringComparison.Ordinal)).ShouldBe(1);
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    [Fact(Timeout = 60_000)]
    public async Task Its_spans_are_in_the_trace_of_what_failed()
    {
        var letter = await ArrivedAsync(_letter with { Source = DeadLetterSource.Saga(_shop.Order, "charge") });
        var spans = new List<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == HealingMetrics.MeterName,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = span =>
            {
                if (Equals(span.GetTagItem("healing.letter"), letter.LetterId.ToString()))
                {
                    spans.Add(span);
                }
            },
        };
        ActivitySource.AddActivityListener(listener);

        await new ActivityEnvironment().RunAsync(() => _activities.DiagnoseAsync(letter));

        spans.ShouldHaveSingleItem().TraceId.ToString().ShouldBe("0af7651916cd43dd8448eb211c80319c");
        spans[0].OperationName.ShouldBe("diagnose");
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    private async Task<HealingInput> ArrivedAsync(DeadLetter letter)
    {
        await _world.SendAsync(letter);
        await _world.UntilAsync("/api/tickets", list => list.GetArrayLength() == 1);
        return new HealingInput(letter.Id, letter.Traceparent);
    }
}
