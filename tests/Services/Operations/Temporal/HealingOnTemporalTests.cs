using Temporalio.Client;

namespace Services.Tests.Operations.Temporal;

/// <summary>
/// Healings on a real Temporal, at TEMPORAL_ADDRESS (for example of <c>temporal server start-dev</c>), and on the Kafka of ConnectionStrings__kafka where it is given. Skipped where there
/// is no Temporal.
/// </summary>
public sealed class HealingOnTemporalTests(PostgresServer postgres)
{
    private static readonly string? Address = Environment.GetEnvironmentVariable("TEMPORAL_ADDRESS");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact(Timeout = 120_000)]
    public async Task An_order_is_healed_by_a_workflow_and_a_letter_that_comes_again_starts_nothing_new()
    {
        await using var shop = await FakeShop.StartAsync();
        await using var world = await StartAsync(shop);
        shop.AfterRetries.Enqueue("completed");
        var letter = OfOrder(shop);
        await world.SendAsync(letter);
        await TicketAsync(world, letter, "resolved");
        await world.SendAsync(letter, messageId: Guid.NewGuid().ToString());

        shop.Acts.ShouldBe(["retry"]);
        (await world.GetAsync("/api/healing")).GetProperty("engine").GetString().ShouldBe("temporal");
        var client = await TemporalClient.ConnectAsync(new TemporalClientConnectOptions(Address!));
        var run = await client.GetWorkflowHandle(HealingWorkflow.IdOf(letter.Id)).DescribeAsync();
        (run.WorkflowType, run.TaskQueue, run.Status).ShouldBe(("HealingWorkflow", HealingWorkflow.TaskQueue, Temporalio.Api.Enums.V1.WorkflowExecutionStatus.Completed));
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    [Fact(Timeout = 120_000)]
    public async Task After_three_tries_a_person_is_asked_and_an_order_that_is_held_is_undone()
    {
        await using var shop = await FakeShop.StartAsync();
        await using var world = await StartAsync(shop, ("Healing:FirstPause", "00:00:00.020"));
        var letter = OfOrder(shop);
        await world.SendAsync(letter);

        await TicketAsync(world, letter, "escalated");

        shop.Acts.ShouldBe(["retry", "retry", "retry", "compensate"]);
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    [Fact(Timeout = 120_000)]
    public async Task A_person_ends_a_pause_by_a_signal()
    {
        await using var shop = await FakeShop.StartAsync();
        await using var world = await StartAsync(shop, ("Healing:FirstPause", "00:01:00"));
        shop.AfterRetries.Enqueue("held");
        shop.AfterRetries.Enqueue("completed");
        var letter = OfOrder(shop);
        await world.SendAsync(letter);
        var number = await NumberAsync(world, letter);
        await world.UntilAsync($"/api/tickets/{number}", ticket => ticket.GetProperty("comments").EnumerateArray().Any(comment => comment.GetProperty("text").GetString()!.StartsWith("Try 1: failed.", StringComparison.Ordinal)));

        using var request = new HttpRequestMessage(HttpMethod.Post, $"/api/tickets/{number}/retry?reason=it+is+back") { Headers = { { "X-Operator-Key", "secret" }, { "X-Operator", "ann" } } };
        (await world.Http.SendAsync(request, Cancel)).EnsureSuccessStatusCode();

        await TicketAsync(world, letter, "resolved");
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    private async Task<LetterWorld> StartAsync(FakeShop shop, params (string, string)[] settings)
    {
        Assert.SkipWhen(string.IsNullOrEmpty(Address), "TEMPORAL_ADDRESS is not set: healings on Temporal need a server, for example: temporal server start-dev");
        return await LetterWorld.StartAsync(
            postgres, Environment.GetEnvironmentVariable("ConnectionStrings__kafka"), [("Healing:Automatic", "true"), ("ConnectionStrings:temporal", Address!), .. shop.Settings, .. settings]);
    }

    private static DeadLetter OfOrder(FakeShop shop) => new()
    {
        ServiceName = "orders",
        Operation = "saga order: charge",
        ErrorCode = "PAYMENT_UNAVAILABLE",
        ErrorDetail = "It answered 503.",
        RetryCount = 3,
        Key = shop.Order.ToString(),
        Source = DeadLetterSource.Saga(shop.Order, "charge"),
        Time = DateTimeOffset.UtcNow,
    };

    private static async Task<long> NumberAsync(LetterWorld world, DeadLetter letter) =>
        (await world.UntilAsync("/api/dead-letters", list => list.EnumerateArray().Any(one => one.GetProperty("id").GetGuid() == letter.Id))).EnumerateArray().Single(one => one.GetProperty("id").GetGuid() == letter.Id).GetProperty("ticket").GetInt64();

    private static async Task TicketAsync(LetterWorld world, DeadLetter letter, string status)
    {
        var number = await NumberAsync(world, letter);
        await world.UntilAsync($"/api/tickets/{number}", ticket => ticket.GetProperty("ticket").GetProperty("status").GetString() == status);
    }
}
