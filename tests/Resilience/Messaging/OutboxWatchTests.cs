using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Npgsql;
using Resilience.Tests.IdempotencyKeys;
using Resilience.Tests.Telemetry;

namespace Resilience.Tests.Messaging;

/// <summary>What the outbox says while messages cannot leave.</summary>
public sealed class OutboxWatchTests(PostgresServer server)
{
    [Fact]
    public async Task The_gauges_speak_while_the_broker_is_away()
    {
        await using var world = await MessagingWorld.CreateAsync(server);
        var publisher = new FakePublisher { IsAway = true };
        await world.AppendAsync("a:1", "a:2");
        await using var relay = world.AddRelay(publisher);
        await relay.StartAsync();
        await using var watch = await RunningWatch.StartAsync(world.DataSource, world.Options);
        await watch.UntilAsync(() => publisher.Batches >= 2 && watch.Metrics.Pending == 2);

        watch.Gauges().ShouldBe(["outbox.oldest.age", "outbox.parked.rows", "outbox.pending"]);

        publisher.IsAway = false;
        await watch.UntilAsync(() => watch.Metrics.Pending == 0);
        watch.Metrics.OldestAge.ShouldBe(TimeSpan.Zero);
    }

    [Fact]
    public async Task The_gauges_speak_while_no_instance_relays()
    {
        await using var world = await MessagingWorld.CreateAsync(server);
        await world.AppendAsync("a:1");
        await using var watch = await RunningWatch.StartAsync(world.DataSource, world.Options);

        await watch.UntilAsync(() => watch.Metrics.Pending == 1);
    }

    [Fact]
    public async Task The_age_is_as_of_now_also_while_the_database_cannot_be_asked()
    {
        await using var world = await MessagingWorld.CreateAsync(server);
        await world.AppendAsync("a:1");
        await world.ExecuteAsync("UPDATE durable.outbox SET created_at = created_at - interval '100 s'");
        await using var watch = await RunningWatch.StartAsync(world.DataSource, world.Options);
        await watch.UntilAsync(() => watch.Metrics.Pending == 1);

        var before = watch.Metrics.OldestAge;
        watch.Time.Advance(TimeSpan.FromMilliseconds(1500));
        (watch.Metrics.OldestAge - before).ShouldBe(TimeSpan.FromMilliseconds(1500), "no measurement lies between");
        before.ShouldBeInRange(TimeSpan.FromSeconds(100), TimeSpan.FromSeconds(200));

        await world.ExecuteAsync("ALTER TABLE durable.outbox RENAME TO gone");
        await watch.UntilAsync(() => watch.Metrics.OldestAge > TimeSpan.FromSeconds(400));
    }

    [Theory]
    [InlineData(0, 6500, 0)]
    [InlineData(9_999, 60_000, 0)]
    [InlineData(10_000, 100, 2000)]
    [InlineData(16_000_000, 5000, 60_000)]
    public void A_long_table_is_looked_at_less_often_a_slow_answer_is_no_reason(long rows, int tookMs, int restMs) =>
        OutboxWatch.RestAfter(new OutboxSize(rows, TimeSpan.Zero, 0), TimeSpan.FromMilliseconds(tookMs)).ShouldBe(TimeSpan.FromMilliseconds(restMs));

    [Fact]
    public async Task What_is_parked_does_not_wait()
    {
        await using var world = await MessagingWorld.CreateAsync(server);
        await world.AppendAsync("a:1", "a:2", "a:3");
        await world.ExecuteAsync("UPDATE durable.outbox SET parked_at = now(), created_at = now() - interval '1 day' WHERE id < 3");
        await using var watch = await RunningWatch.StartAsync(world.DataSource, world.Options);
        await watch.UntilAsync(() => watch.Metrics.Pending == 1);

        watch.Metrics.OldestAge.ShouldBeLessThan(TimeSpan.FromHours(1));
        watch.Gauge("outbox.parked.rows").ShouldBe(2);
    }

    [Fact]
    public async Task A_message_that_waits_too_long_is_said_once_and_so_is_the_end()
    {
        await using var world = await MessagingWorld.CreateAsync(server);
        var publisher = new FakePublisher { IsAway = true };
        await world.AppendAsync("a:1");
        await using var relay = world.AddRelay(publisher);
        await relay.StartAsync();
        await using var watch = await RunningWatch.StartAsync(world.DataSource, world.Options);
        await watch.UntilAsync(() => watch.Metrics.Pending == 1);
        watch.Logs.Messages.ShouldBeEmpty();

        foreach (var episode in Enumerable.Range(1, 2))
        {
            await world.ExecuteAsync("UPDATE durable.outbox SET created_at = now() - interval '31 s'");
            await watch.UntilAsync(() => watch.Said("Warning") == episode);
            await watch.LookAgainAsync(times: 5);
            watch.Said("Warning").ShouldBe(episode);

            publisher.IsAway = false;
            await watch.UntilAsync(() => watch.Said("Information") == episode);
            await watch.LookAgainAsync(times: 5);
            (watch.Said("Warning"), watch.Said("Information")).ShouldBe((episode, episode));
            publisher.IsAway = true;
            await world.AppendAsync("a:2");
        }
    }

    /// <summary>A watch on a clock that moves only here.</summary>
    private sealed class RunningWatch : IAsyncDisposable
    {
        private readonly Meter _meter = new("test");
        private readonly ILoggerFactory _loggers;
        private readonly OutboxWatch _watch;

        private RunningWatch(NpgsqlDataSource dataSource, OutboxOptions options)
        {
            Metrics = new OutboxMetrics(Time, _meter);
            _loggers = LoggerFactory.Create(logging => logging.AddProvider(Logs));
            _watch = new OutboxWatch(dataSource, Metrics, Options.Create(options), Time, new Logger<OutboxWatch>(_loggers));
        }

        public static async Task<RunningWatch> StartAsync(NpgsqlDataSource dataSource, OutboxOptions options)
        {
            var running = new RunningWatch(dataSource, options);
            await running._watch.StartAsync(MessagingWorld.Cancel);
            return running;
        }

        public FakeTimeProvider Time { get; } = new();

        public OutboxMetrics Metrics { get; }

        public CollectedLogs Logs { get; } = new();

        public int Said(string level) => Logs.Messages.Count(message => message.StartsWith(level, StringComparison.Ordinal));

        public IEnumerable<string> Gauges() => Observe().Keys.Order(StringComparer.Ordinal);

        public double Gauge(string name) => Observe()[name];

        /// <summary>Lets it look again and again until something is so.</summary>
        public async Task UntilAsync(Func<bool> isReached)
        {
            await RoundsAsync(1);
            while (!isReached())
            {
                await LookAgainAsync(times: 1);
            }
        }

        /// <summary>Lets it look so many times more; the clock stands while it does.</summary>
        public async Task LookAgainAsync(int times)
        {
            for (var i = 0; i < times; i++)
            {
                var next = _watch.Rounds + 1;
                Time.Advance(TimeSpan.FromSeconds(2));
                await RoundsAsync(next);
            }
        }

        private async Task RoundsAsync(long rounds)
        {
            using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(2));
            while (_watch.Rounds < rounds)
            {
                await timer.WaitForNextTickAsync(MessagingWorld.Cancel);
            }
        }

        public async ValueTask DisposeAsync()
        {
            await _watch.StopAsync(CancellationToken.None);
            _watch.Dispose();
            _loggers.Dispose();
            _meter.Dispose();
        }

        private Dictionary<string, double> Observe()
        {
            var values = new Dictionary<string, double>();
            using var listener = new MeterListener
            {
                InstrumentPublished = (instrument, listener) =>
                {
                    if (instrument.Meter == _meter && instrument.IsObservable)
                    {
                        listener.EnableMeasurementEvents(instrument);
                    }
                },
            };
            listener.SetMeasurementEventCallback<double>((instrument, value, _, _) => values[instrument.Name] = value);
            listener.Start();
            listener.RecordObservableInstruments();
            return values;
        }
    }
}
