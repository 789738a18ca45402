using System.Xml.Linq;
using Microsoft.Extensions.Time.Testing;

namespace Tools.Tests.Drills;

public sealed class DrillRunTests : IDisposable
{
    private readonly FakeTimeProvider _clock = new();
    private readonly FakeShop _shop = new();
    private readonly StringWriter _said = new();

    public void Dispose() => _said.Dispose();

    [Fact]
    public async Task Steps_are_done_at_their_times_and_what_the_services_do_is_on_record()
    {
        var drill = Drill(10, Step(1, "slow"), Step(4, "well"));
        var run = new DrillRun(drill, _shop, _clock);
        var running = run.RunAsync(new ProgressLines(_said, _clock), TestContext.Current.CancellationToken);

        Advance(0.9);
        _shop.Done.ShouldBeEmpty();
        Advance(0.1);
        _shop.Done.ShouldBe(["slow"]);
        _shop.Say("payments-1", "degraded", 0, "errors 10 % > 5 %");
        Advance(2.9);
        _shop.Say("payments-1", "degraded", 0.05, "a step");
        Advance(0.3);
        _shop.Done.ShouldBe(["slow", "well"]);
        _shop.Say("payments-1", "normal", 1, "proved");
        Advance(6);
        await running;

        run.Record.Changes.Select(change => (change.From, change.To.Level, change.To.NormalShare)).ShouldBe(
            [("normal", "degraded", 0), ("degraded", "degraded", 0.05), ("degraded", "normal", 1)]);
        (run.Record.Falls("payments"), run.Record.AllNormal).ShouldBe((1, true));
        (run.Record.Reached("payments", "degraded", 1, 2), run.Record.Reached("payments", "degraded", 5, 9), run.Record.Reached("orders", "degraded", 0, 9)).ShouldBe((true, false, false));
        _said.ToString().ShouldContain("payments-1: normal -> degraded, 0 % as always. errors 10 % > 5 %");
    }

    [Fact]
    public async Task Where_the_services_stand_at_the_end_is_looked_at_once_more()
    {
        var run = new DrillRun(Drill(1), _shop, _clock);
        var running = run.RunAsync(new ProgressLines(_said, _clock), TestContext.Current.CancellationToken);
        Advance(0.9);
        _shop.Say("payments-1", "broken", 0, "late");
        Advance(0.1);
        await running;
        run.Record.AllNormal.ShouldBeFalse();
    }

    [Fact]
    public async Task How_a_release_goes_on_is_on_record()
    {
        _shop.Release = new ReleaseLevel("none", 0, "", []);
        var run = new DrillRun(Drill(4), _shop, _clock);
        var running = run.RunAsync(new ProgressLines(_said, _clock), TestContext.Current.CancellationToken);
        Advance(1);
        run.Record.Release.ShouldBeNull();
        _shop.Release = new ReleaseLevel("analysing", 0.3, "Held", []);
        Advance(1);
        _shop.Release = new ReleaseLevel("analysing", 0.3, "Held with other numbers", []);
        Advance(1);
        _shop.Release = new ReleaseLevel("rolled-back", 0, "p95", ["p95"]);
        Advance(1);
        await running;

        run.Record.Releases.Select(change => (change.To.Stage, change.To.Share)).ShouldBe([("analysing", 0.3), ("rolled-back", 0)]);
        run.Record.Release!.FailedChecks.ShouldBe(["p95"]);
        _said.ToString().ShouldContain("release of payments: rolled-back, canary at 0 %. p95");
    }

    [Theory]
    [InlineData("canary-wrong", "captured-amount")]
    [InlineData("canary-slow", "p95")]
    [InlineData("canary-shape", "shape")]
    public void A_bad_canary_must_be_rolled_back_for_what_is_wrong_with_it(string name, string check)
    {
        var expected = DrillCatalog.All[name].Expectations;
        Holds("rolled-back", [check]).ShouldBeTrue();
        Holds("rolled-back", ["success"]).ShouldBeFalse();
        Holds("analysing", []).ShouldBeFalse();
        Holds("promoted", []).ShouldBeFalse();

        bool Holds(string stage, string[] failed)
        {
            var record = new DrillRecord();
            record.See(Seconds(9), new ReleaseLevel(stage, 0, "why", failed));
            return expected.All(expectation => expectation.Holds(record));
        }
    }

    [Fact]
    public async Task Orders_are_counted_by_the_phase_they_were_sent_in_and_drawn()
    {
        var drill = Drill(10) with { Phases = [new("as always", Seconds(0), Seconds(3)), new("fault & more", Seconds(3), Seconds(10))] };
        var run = new DrillRun(drill, _shop, _clock);
        var running = run.RunAsync(new ProgressLines(_said, _clock), TestContext.Current.CancellationToken);
        List<OrderRun> orders = [Order(1, OrderStatus.Confirmed), Order(2, OrderStatus.Confirmed), Order(4, OrderStatus.Cancelled), Order(5, OrderStatus.Confirmed)];
        Advance(10);
        await running;

        var summary = DrillSummary.Of(run, orders, _clock);
        summary.Phases.Select(phase => (phase.Phase, phase.Orders, phase.Confirmed, phase.ConfirmedShare)).ShouldBe([("as always", 2, 2, 1.0), ("fault & more", 2, 1, 0.5)]);
        summary.Expectations.ShouldBe(new Dictionary<string, bool> { ["it holds"] = true });
        XDocument.Parse(DrillChart.Draw(run, orders, _clock)).Root!.Name.LocalName.ShouldBe("svg");
    }

    [Fact]
    public void Every_drill_ends_after_its_last_step_and_says_what_must_be()
    {
        foreach (var drill in DrillCatalog.All.Values)
        {
            drill.Expectations.Count.ShouldBeGreaterThan(1, drill.Name);
            drill.Steps.Select(step => step.At).ShouldBeInOrder(SortDirection.Ascending, drill.Name);
            drill.Steps.ShouldAllBe(step => step.At < drill.Length);
            drill.Orders.ShouldBeLessThanOrEqualTo(drill.Length);
        }
    }

    private static TimeSpan Seconds(double seconds) => TimeSpan.FromSeconds(seconds);

    private static Drill Drill(double length, params DrillStep[] steps) =>
        new("drill", "a drill", Seconds(length), Seconds(length), steps, [new DrillExpectation("it holds", _ => true)]);

    private static DrillStep Step(double at, string what) => new(Seconds(at), what, (shop, _) =>
    {
        ((FakeShop)shop).Done.Add(what);
        return Task.CompletedTask;
    });

    private OrderRun Order(double sentAt, string status)
    {
        var request = new PlaceOrderRequest("c", "GBP", [new OrderLine("a", 1, 1)], new PaymentMethod("tok_ok"));
        var order = new OrderRun(new PlannedOrder("1", "key", request, 1)) { SentAt = _clock.GetTimestamp() + (long)(sentAt * _clock.TimestampFrequency) };
        var view = new OrderView(Guid.NewGuid(), "c", "GBP", status, 1, request.Lines, null, DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch);
        order.Take(new ShopAnswer<OrderView>(201, view, null, null), Seconds(0.1), Seconds(0.1), 0);
        return order;
    }

    private void Advance(double seconds)
    {
        // In small steps: each wait is set only when the one before it is over.
        for (var step = 0; step < Math.Round(seconds * 20); step++)
        {
            _clock.Advance(TimeSpan.FromMilliseconds(50));
        }
    }

    private sealed class FakeShop : IDrillShop
    {
        private readonly Dictionary<string, InstanceLevel> _levels = [];

        public List<string> Done { get; } = [];

        public void Say(string instance, string level, double share, string reason) => _levels[instance] = new InstanceLevel(instance, instance.Split('-')[0], level, share, reason);

        public Task SetWeatherAsync(int latencyMs, double errorRatio, bool seenByCanary, CancellationToken cancellationToken) => Task.CompletedTask;

        public ReleaseLevel? Release { get; set; }

        public Task SetDefectAsync(string service, object defect, CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StartReleaseAsync(string service, CancellationToken cancellationToken) => Task.CompletedTask;

        public Task<ReleaseLevel?> ReleaseAsync(string service, CancellationToken cancellationToken) => Task.FromResult(Release);

        public Task SetPolicyAsync(string scope, string yaml, CancellationToken cancellationToken) => Task.CompletedTask;

        public Task<IReadOnlyList<InstanceLevel>> LevelsAsync(CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<InstanceLevel>>([.. _levels.Values]);
    }
}
