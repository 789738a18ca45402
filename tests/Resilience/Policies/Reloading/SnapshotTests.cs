using System.Text;

namespace Resilience.Tests.Policies.Reloading;

public sealed class SnapshotTests
{
    private readonly DependencyRegistry _registry = new((document, name, route) =>
    {
        var layers = document.LayersOf("shop", name, new PolicyErrors());
        if (route is not null)
        {
            layers.Route(document.RouteCallsOf(route)!);
        }

        return layers.Policy;
    }, PolicyDocument.Empty);

    [Fact]
    public void All_dependencies_change_with_one_swap()
    {
        var (stock, money) = (_registry.Get("stock"), _registry.Get("money"));
        Apply(7, "defaults: { total_ms: 700 }");
        (stock.Policy.Total, money.Policy.Total, _registry.Current.Revision).ShouldBe((Ms(700), Ms(700), 7));
        _registry.Get("later").Policy.Total.ShouldBe(Ms(700));
    }

    [Fact]
    public void A_request_keeps_what_it_started_with_also_for_dependencies_that_come_later()
    {
        var stock = _registry.Get("stock");
        Apply(1, "defaults: { total_ms: 100 }");
        using var request = CallContext.Use(new CallContext { Policies = _registry.Current });
        Apply(2, "defaults: { total_ms: 200 }");

        stock.SnapshotFor(CallContext.Current).Policy.Total.ShouldBe(Ms(100));
        _registry.Get("later").SnapshotFor(CallContext.Current).Policy.Total.ShouldBe(Ms(100));
        stock.Policy.Total.ShouldBe(Ms(200));
        _registry.Get("later").Policy.Total.ShouldBe(Ms(200));
    }

    [Fact]
    public void One_wrong_policy_leaves_all_as_they_were()
    {
        var (stock, money) = (_registry.Get("stock"), _registry.Get("money"));
        Apply(1, "defaults: { total_ms: 100 }");
        var before = _registry.Current;
        var registry = new DependencyRegistry((document, name, _) => name == "money" && document != PolicyDocument.Empty
            ? new DependencyPolicy { Total = TimeSpan.Zero }
            : new DependencyPolicy(), PolicyDocument.Empty);
        registry.Get("stock");
        registry.Get("money");
        var untouched = registry.Current;
        Should.Throw<PolicyInvalidException>(() => registry.Apply(before.Document, 2, "x"));
        registry.Current.ShouldBeSameAs(untouched);
        (stock.Policy.Total, money.Policy.Total).ShouldBe((Ms(100), Ms(100)));
    }

    [Fact]
    public void Breaker_and_budget_keep_their_state_when_their_own_numbers_do_not_change()
    {
        var stock = _registry.Get("stock");
        stock.Breaker()!.Isolate("test", "to see it later");
        var budget = stock.Budget;
        Apply(1, "defaults: { total_ms: 300, l2: { max_attempts: 2 } }");
        stock.Breaker()!.State.ShouldBe(BreakerState.Isolated);
        stock.Budget.ShouldBeSameAs(budget);

        Apply(2, "defaults: { total_ms: 300, breaker: { break_ms: 9000 } }");
        stock.Breaker()!.State.ShouldBe(BreakerState.Closed);
        stock.Budget.ShouldBeSameAs(budget);
    }

    [Fact]
    public void Connections_that_exist_stay_as_they_are()
    {
        var stock = _registry.Get("stock");
        Apply(1, "defaults: { connections: { max_per_host: 3 } }");
        stock.Policy.Connections.MaxPerHost.ShouldBe(3);
        stock.Connections.MaxPerHost.ShouldBe(200);
        _registry.Get("later").Connections.MaxPerHost.ShouldBe(3);
    }

    [Fact]
    public void A_route_has_calls_of_its_own_and_shares_the_breaker()
    {
        var (stock, money) = (_registry.Get("stock"), _registry.Get("money"));
        Apply(1, "routes: { quick: { to: stock, sla_ms: 100, l2: { max_attempts: 1 } }, plain: { to: stock, sla_ms: 900 } }");
        var quick = new CallContext { Policies = _registry.Current, Route = "quick" };
        stock.SnapshotFor(quick).Policy.L2.MaxAttempts.ShouldBe(1);
        stock.SnapshotFor(quick).Stable.ShouldBeSameAs(stock.Snapshot.Stable);
        stock.SnapshotFor(quick).Budget.ShouldBeSameAs(stock.Snapshot.Budget);
        stock.SnapshotFor(quick with { Route = "plain" }).Policy.L2.MaxAttempts.ShouldBe(3);
        stock.SnapshotFor(quick with { Route = "unheard-of" }).Policy.L2.MaxAttempts.ShouldBe(3);
        money.SnapshotFor(quick).Policy.L2.MaxAttempts.ShouldBe(3);
        _registry.Current.Route("quick")!.Sla.ShouldBe(Ms(100));
    }

    [Fact]
    public void Policies_of_another_registry_mean_nothing()
    {
        Apply(1, "defaults: { total_ms: 100 }");
        var other = new DependencyRegistry(_ => new DependencyPolicy());
        other.Get("stock").SnapshotFor(new CallContext { Policies = _registry.Current }).Policy.Total.ShouldBe(Ms(10_000));
    }

    [Fact]
    public void Reading_the_policy_in_force_allocates_nothing()
    {
        var stock = _registry.Get("stock");
        Apply(1, "routes: { quick: { to: stock, sla_ms: 100, l2: { max_attempts: 1 } } }");
        var context = new CallContext { Policies = _registry.Current, Route = "quick" };
        var read = 0;
        for (var round = 0; round < 2; round++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < 10_000; i++)
            {
                read += stock.Policy.L2.MaxAttempts + stock.SnapshotFor(context).Policy.L2.MaxAttempts;
            }

            var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            allocated.ShouldBeLessThan(round == 0 ? long.MaxValue : 1);
        }

        read.ShouldBe(80_000);
    }

    [Fact]
    public async Task No_reader_ever_sees_two_revisions_while_they_change()
    {
        var (stock, money) = (_registry.Get("stock"), _registry.Get("money"));
        Apply(1, Numbered(1));
        using var done = new CancellationTokenSource();
        var readers = Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
        {
            var requests = 0;
            while (!done.IsCancellationRequested)
            {
                var context = new CallContext { Policies = _registry.Current };
                var first = stock.SnapshotFor(context).Policy;
                for (var call = 0; call < 10; call++)
                {
                    var (one, other) = (stock.SnapshotFor(context).Policy, money.SnapshotFor(context).Policy);
                    (one.Total, other.Total, one.L2.AttemptTimeout).ShouldBe((first.Total, first.Total, first.Total - Ms(50)));
                }

                requests++;
            }

            return requests;
        }, TestContext.Current.CancellationToken)).ToList();
        for (var revision = 2; revision <= 500; revision++)
        {
            Apply(revision, Numbered(revision));
        }

        await done.CancelAsync();
        (await Task.WhenAll(readers)).Sum().ShouldBeGreaterThan(0);

        static string Numbered(int revision) => FormattableString.Invariant($"defaults: {{ total_ms: {1000 + revision}, l2: {{ attempt_timeout_ms: {950 + revision} }} }}");
    }

    private void Apply(long revision, string yaml) =>
        _registry.Apply(PolicyDocument.Load([new PolicySource(PolicyScope.Whole, "test.yaml", Encoding.UTF8.GetBytes(yaml))]), revision, $"digest {revision}");

    private static TimeSpan Ms(double ms) => TimeSpan.FromMilliseconds(ms);
}
