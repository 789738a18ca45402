using System.Globalization;
using Confluent.Kafka;
using Microsoft.Extensions.Logging.Abstractions;
using Resilience.Tests.Telemetry;

namespace Resilience.Tests.Messaging;

/// <summary>The canary of a consumer on the real protocol.</summary>
public sealed class ConsumerSplitTests(PostgresServer server)
{
    private const string Topic = "trips";
    private const int Keys = 200;

    [Fact(Timeout = 120_000)]
    public async Task A_release_that_grows_and_is_rolled_back_while_its_canary_hangs_loses_doubles_and_reorders_nothing()
    {
        await using var world = await CreateWorldAsync();
        using var kafka = new MockKafka();
        var splits = Splits(world, kafka);
        var hangs = new TaskCompletionSource();
        var isStuck = new TaskCompletionSource();
        var canaryHandler = new SplitHandler("test", isCanary: true);
        await SendAsync(kafka, 0, 300);
        await using var stable = await RunningConsumer.StartAsync(world, kafka, new SplitHandler("test", isCanary: false));
        await using var canary = await RunningConsumer.StartAsync(world, kafka, canaryHandler, options => options.IsCanary = true);
        await UntilHandledAsync(world, 300);

        foreach (var (share, upTo) in new[] { (0.05, 900), (0.25, 1500) })
        {
            await splits.SetShareAsync(share, "r1", "drill", TestContext.Current.CancellationToken);
            await SendAsync(kafka, upTo - 600, 600);
            await UntilHandledAsync(world, upTo);
        }

        // From now on the canary's transactions neither end nor fail.
        canaryHandler.OnMessage = _ =>
        {
            isStuck.TrySetResult();
            return hangs.Task;
        };
        await splits.SetShareAsync(0.5, "r1", "drill", TestContext.Current.CancellationToken);
        await SendAsync(kafka, 1500, 900);
        await isStuck.Task.WaitAsync(TestContext.Current.CancellationToken);
        (await splits.RollBackAsync("it hangs", TestContext.Current.CancellationToken)).ShouldBeTrue();
        await UntilHandledAsync(world, 2400);
        await SendAsync(kafka, 2400, 100);
        await UntilHandledAsync(world, 2500);
        hangs.SetException(new InvalidOperationException("the canary is dead"));

        var handled = await SplitHandler.ReadAsync(world, "test");
        await JudgeAsync(world, handled, sent: 2500);
        handled.Count(message => message.ByCanary).ShouldBeGreaterThan(100);
        (await splits.ReadAsync(TestContext.Current.CancellationToken)).Last.ShouldNotBeNull().ShouldSatisfyAllConditions(
            last => last.IsRollback.ShouldBeTrue(), last => last.Share.ShouldBe(0), last => last.Reason.ShouldBe("it hangs"));
        await Should.ThrowAsync<ReleaseRolledBackException>(() => splits.SetShareAsync(0.5, "r1", "late", TestContext.Current.CancellationToken));
        (await splits.RollBackAsync("again", TestContext.Current.CancellationToken)).ShouldBeFalse();
    }

    [Fact(Timeout = 120_000)]
    public async Task A_release_that_ends_hands_its_keys_back_and_the_canary_can_go()
    {
        await using var world = await CreateWorldAsync();
        using var kafka = new MockKafka();
        var splits = Splits(world, kafka);
        await SendAsync(kafka, 0, 100);
        await using var stable = await RunningConsumer.StartAsync(world, kafka, new SplitHandler("test", isCanary: false));
        await using (await RunningConsumer.StartAsync(world, kafka, new SplitHandler("test", isCanary: true), options => options.IsCanary = true))
        {
            await splits.SetShareAsync(1, "r1", "all", TestContext.Current.CancellationToken);
            await SendAsync(kafka, 100, 300);
            await splits.SetShareAsync(0, "r1", "it is the stable release now", TestContext.Current.CancellationToken);
            await SendAsync(kafka, 400, 300);
            await UntilHandledAsync(world, 700);
            await UntilAsync(async () => (await splits.ReadAsync(TestContext.Current.CancellationToken)).IsHandedOver);
        }

        await SendAsync(kafka, 700, 100);
        await UntilHandledAsync(world, 800);

        var handled = await SplitHandler.ReadAsync(world, "test");
        await JudgeAsync(world, handled, sent: 800);
        handled.Count(message => message.ByCanary).ShouldBe(300);
    }

    [Fact(Timeout = 120_000)]
    public async Task A_key_that_came_back_waits_for_what_its_canary_has_not_handled_until_that_is_rolled_back()
    {
        await using var world = await CreateWorldAsync();
        using var kafka = new MockKafka();
        var splits = Splits(world, kafka);
        await SendAsync(kafka, 0, 1);
        await using var stable = await RunningConsumer.StartAsync(world, kafka, new SplitHandler("test", isCanary: false));
        await UntilHandledAsync(world, 1);
        await splits.SetShareAsync(1, "r1", "all", TestContext.Current.CancellationToken);
        await SendAsync(kafka, 1, 300);
        await splits.SetShareAsync(0, "r1", "nothing", TestContext.Current.CancellationToken);
        await SendAsync(kafka, 301, 300);

        await MessagingWorld.UntilAsync(() => stable.Status.Waits);
        (await world.ScalarAsync<long>("SELECT count(*) FROM handled")).ShouldBe(1);
        (await splits.ReadAsync(TestContext.Current.CancellationToken)).IsHandedOver.ShouldBeFalse();
        await splits.RollBackAsync("there is no canary", TestContext.Current.CancellationToken);
        await UntilHandledAsync(world, 601);

        var handled = await SplitHandler.ReadAsync(world, "test");
        await JudgeAsync(world, handled, sent: 601);
        handled.ShouldAllBe(message => !message.ByCanary);
        await MessagingWorld.UntilAsync(() => !stable.Status.Waits);
    }

    [Fact(Timeout = 120_000)]
    public async Task Members_of_the_groups_come_and_go_while_shares_change()
    {
        await using var world = await CreateWorldAsync();
        using var kafka = new MockKafka();
        var splits = Splits(world, kafka);
        await SendAsync(kafka, 0, 200);
        await using var first = await StartAsync(isCanary: false);
        await UntilHandledAsync(world, 200);

        await splits.SetShareAsync(0.25, "r1", "drill", TestContext.Current.CancellationToken);
        await using var second = await StartAsync(isCanary: false);
        await using (await StartAsync(isCanary: true))
        {
            await SendAsync(kafka, 200, 400);
            await splits.SetShareAsync(0.5, "r1", "drill", TestContext.Current.CancellationToken);
            await SendAsync(kafka, 600, 400);
            await first.DisposeAsync();
            await UntilHandledAsync(world, 1000);
        }

        // Without a canary, its half waits.
        await SendAsync(kafka, 1000, 400);
        await using var third = await StartAsync(isCanary: false);
        await splits.RollBackAsync("it is gone", TestContext.Current.CancellationToken);
        await UntilHandledAsync(world, 1400);
        await splits.SetShareAsync(0.05, "r2", "mended", TestContext.Current.CancellationToken);
        await using var mended = await StartAsync(isCanary: true);
        await SendAsync(kafka, 1400, 200);
        await UntilHandledAsync(world, 1600);

        await JudgeAsync(world, await SplitHandler.ReadAsync(world, "test"), sent: 1600);

        Task<RunningConsumer> StartAsync(bool isCanary) =>
            RunningConsumer.StartAsync(world, kafka, new SplitHandler("test", isCanary), options => (options.IsCanary, options.BatchSize) = (isCanary, 50));
    }

    [Fact(Timeout = 120_000)]
    public async Task What_the_canary_cannot_decode_is_its_letter_and_no_message_of_the_stable_group()
    {
        await using var world = await CreateWorldAsync();
        using var kafka = new MockKafka();
        await KafkaMessages.ProduceAsync(kafka, ("1", "first"));
        await using var stable = await RunningConsumer.StartAsync(world, kafka, new SplitHandler("test", isCanary: false));
        await using var canary = await RunningConsumer.StartAsync(world, kafka, new SplitHandler("test", isCanary: true), options => options.IsCanary = true);
        await UntilHandledAsync(world, 1);
        await Splits(world, kafka).SetShareAsync(1, "r1", "all", TestContext.Current.CancellationToken);

        await KafkaMessages.ProduceAsync(kafka, ("2", "broken"), ("3", "last"));
        await UntilHandledAsync(world, 2);
        await MessagingWorld.UntilAsync(() => canary.Status is { Handled: 1, Parked: 1 });

        (await world.LettersAsync()).ShouldHaveSingleItem().ErrorCode.ShouldBe(DeadLetterCodes.MalformedMessage);
        (stable.Status.Handled, stable.Status.Parked).ShouldBe((1, 0));
    }

    [Fact(Timeout = 120_000)]
    public async Task While_there_is_a_split_the_gate_learns_what_both_groups_handle_and_what_they_cannot()
    {
        await using var world = await CreateWorldAsync();
        using var kafka = new MockKafka();
        using var measured = new Measurements();
        using var metrics = new ResilienceMetrics(measured);
        await SendAsync(kafka, 0, 100);
        await using var stable = await RunningConsumer.StartAsync(world, kafka, new SplitHandler("test", isCanary: false), options => options.ReleaseName = "trips", metrics);
        await using var canary = await RunningConsumer.StartAsync(
            world, kafka, new SplitHandler("test", isCanary: true), options => (options.ReleaseName, options.IsCanary) = ("trips", true), metrics);
        await UntilHandledAsync(world, 100);
        measured.Of("resilience.release.check.count").ShouldNotBeEmpty("the counts begin at zero");
        measured.Sum("resilience.release.check.count").ShouldBe(0, "without a split there is nothing to compare");

        await Splits(world, kafka).SetShareAsync(0.5, "r1", "half", TestContext.Current.CancellationToken);
        await SendAsync(kafka, 100, 300);
        await UntilHandledAsync(world, 400);
        await Splits(world, kafka).SetShareAsync(1, "r1", "all", TestContext.Current.CancellationToken);
        await KafkaMessages.ProduceAsync(kafka, ("another", "broken"));
        await MessagingWorld.UntilAsync(() => canary.Status.Parked == 1);

        var byCanary = (await SplitHandler.ReadAsync(world, "test")).Count(message => message.ByCanary);
        await MessagingWorld.UntilAsync(() => measured.Sum("resilience.release.check.count") == 301);
        (Count("stable", "pass"), Count("canary", "pass"), Count("stable", "fail"), Count("canary", "fail")).ShouldBe((300 - byCanary, byCanary, 0, 1));
        measured.Of("resilience.release.call.duration").Select(one => one.Labels["channel"]).Distinct().ShouldBe(["stable", "canary"], ignoreOrder: true);

        double Count(string channel, string result) => measured.Of("resilience.release.check.count")
            .Where(one => Equals(one.Labels["channel"], channel) && Equals(one.Labels["result"], result) && Equals(one.Labels["dependency"], "trips")).Sum(one => one.Value);
    }

    [Fact]
    public async Task A_change_without_a_broker_fails_and_changes_nothing()
    {
        await using var world = await CreateWorldAsync();
        var splits = new ConsumerSplits("127.0.0.1:1", world.DataSource, Topic, "test", NullLogger<ConsumerSplits>.Instance);

        await Should.ThrowAsync<KafkaException>(() => splits.SetShareAsync(0.5, "r1", "drill", TestContext.Current.CancellationToken));

        (await splits.ReadAsync(TestContext.Current.CancellationToken)).Last.ShouldBeNull();
        (await splits.RollBackAsync("nothing there", TestContext.Current.CancellationToken)).ShouldBeFalse();
    }

    [Fact(Timeout = 120_000)]
    public async Task A_change_does_not_wait_for_ever_for_a_batch_that_hangs()
    {
        await using var world = await CreateWorldAsync();
        using var kafka = new MockKafka();
        var hangs = new TaskCompletionSource();
        var isStuck = new TaskCompletionSource();
        var handler = new SplitHandler("test", isCanary: false)
        {
            OnMessage = _ =>
            {
                isStuck.TrySetResult();
                return hangs.Task;
            },
        };
        await KafkaMessages.ProduceAsync(kafka, ("1", "a"));
        await using var stable = await RunningConsumer.StartAsync(world, kafka, handler);
        await isStuck.Task.WaitAsync(TestContext.Current.CancellationToken);

        await Should.ThrowAsync<TimeoutException>(() => Splits(world, kafka).SetShareAsync(0.5, "r1", "drill", TestContext.Current.CancellationToken));

        hangs.SetResult();
        await UntilHandledAsync(world, 1);
    }

    /// <summary>Every message once, keys in their order, and each by the group whose it is.</summary>
    private static async Task JudgeAsync(MessagingWorld world, IReadOnlyList<HandledMessage> handled, int sent)
    {
        await using var connection = await world.DataSource.OpenConnectionAsync(TestContext.Current.CancellationToken);
        var plan = await new SplitTable("test", Topic).ReadAsync(connection, TestContext.Current.CancellationToken);
        handled.Select(message => int.Parse(message.Text, CultureInfo.InvariantCulture)).Order().ShouldBe(Enumerable.Range(0, sent));
        handled.Select(message => message.Partition).Distinct().Count().ShouldBeGreaterThan(1);
        handled.ShouldAllBe(message => plan.Judge(message.ByCanary, message.Partition, message.Offset, message.Key) == SplitVerdict.Own);
        foreach (var ofKey in handled.GroupBy(message => message.Key))
        {
            ofKey.Select(message => message.Offset).ShouldBeInOrder();
        }
    }

    private async Task<MessagingWorld> CreateWorldAsync()
    {
        var world = await MessagingWorld.CreateAsync(server);
        await SplitHandler.CreateTableAsync(world);
        return world;
    }

    private static ConsumerSplits Splits(MessagingWorld world, MockKafka kafka) => new(
        () => new KafkaTopicEnds(kafka.BootstrapServers, Topic, "test", NullLogger.Instance), world.DataSource, Topic, "test", patience: TimeSpan.FromMilliseconds(500));

    private static Task SendAsync(MockKafka kafka, int from, int count) => KafkaMessages.SendAsync(
        kafka, [.. Enumerable.Range(from, count).Select(i => new StrangersMessage($"{i}", $"{i}", $"key-{i % Keys}"))]);

    private static Task UntilHandledAsync(MessagingWorld world, int count) => world.UntilAsync($"SELECT count(*) = {count} FROM handled");

    private static async Task UntilAsync(Func<Task<bool>> isReached)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!await isReached())
        {
            await timer.WaitForNextTickAsync(TestContext.Current.CancellationToken);
        }
    }
}
