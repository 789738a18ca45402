using System.Text;

namespace Resilience.Tests.Policies;

public sealed class PolicyDocumentTests
{
    [Fact]
    public void A_document_that_says_nothing_leaves_the_librarys_defaults()
    {
        foreach (var document in (PolicyDocument[])[PolicyDocument.Empty, PolicyDocument.Load([]), GoodDocument.Load("{}"), GoodDocument.Load("defaults: {}\ntiers: {}\n")])
        {
            document.PolicyOf("orders", "payments").ShouldBe(new DependencyPolicy());
            document.Routes.ShouldBeEmpty();
            document.Topology.ShouldBeEmpty();
        }
    }

    [Fact]
    public void What_is_more_special_wins_key_by_key()
    {
        var document = GoodDocument.Load(
            """
            tiers: { l2: { max_attempts: 1, base_delay_ms: 11, max_delay_ms: 1001, jitter: 0.1, attempt_timeout_ms: 501 } }
            defaults: { l2: { max_attempts: 2, base_delay_ms: 12, max_delay_ms: 1002, jitter: 0.2 } }
            dependencies: { payments: { l2: { max_attempts: 4, base_delay_ms: 14 } } }
            services:
              orders:
                defaults: { l2: { max_attempts: 3, base_delay_ms: 13, max_delay_ms: 1003 } }
                dependencies: { payments: { l2: { max_attempts: 5 } } }
            """);
        (int, double, double, double, double) Of(string? service, string dependency)
        {
            var l2 = document.PolicyOf(service, dependency).L2;
            return (l2.MaxAttempts, l2.Backoff.BaseDelay.TotalMilliseconds, l2.Backoff.MaxDelay.TotalMilliseconds, l2.Backoff.Jitter, l2.AttemptTimeout.TotalMilliseconds);
        }

        Of("orders", "payments").ShouldBe((5, 14, 1003, 0.2, 501));
        Of("gateway", "payments").ShouldBe((4, 14, 1002, 0.2, 501));
        Of(null, "payments").ShouldBe((4, 14, 1002, 0.2, 501));
        Of("orders", "inventory").ShouldBe((3, 13, 1003, 0.2, 501));
        Of("gateway", "inventory").ShouldBe((2, 12, 1002, 0.2, 501));
    }

    [Fact]
    public void Numbers_of_a_tier_reach_whoever_has_it_on_and_switch_nothing_on()
    {
        var document = GoodDocument.Load(
            """
            tiers: { l1: { max_attempts: 2 }, breaker: { break_ms: 9000 } }
            defaults: { l1: { enabled: false, window_ms: 80 }, breaker: { enabled: false, sampling_ms: 7000 } }
            dependencies:
              fast: { l1: { enabled: true }, breaker: { enabled: true } }
            """);
        document.PolicyOf(null, "slow").L1.ShouldBeNull();
        document.PolicyOf(null, "slow").Breaker.ShouldBeNull();
        var fast = document.PolicyOf(null, "fast");
        (fast.L1!.MaxAttempts, fast.L1.Window.TotalMilliseconds).ShouldBe((2, 80));
        (fast.Breaker!.Break.TotalMilliseconds, fast.Breaker.Sampling.TotalMilliseconds).ShouldBe((9000, 7000));
    }

    [Fact]
    public void Scopes_are_laid_over_the_whole_one_in_whatever_order_they_come()
    {
        (string, string)[] scopes =
        [
            ("services/orders", "dependencies: { payments: { total_ms: 3000 } }"),
            (PolicyScope.Whole, "defaults: { total_ms: 8000, reserve_ms: 7 }\nservices: { orders: { defaults: { reserve_ms: 8 }, dependencies: { payments: { total_ms: 1, l2: { max_attempts: 2 } } } } }"),
            ("defaults", "total_ms: 6000"),
            ("dependencies/payments", "min_time_left_ms: 20"),
            ("routes/place-order", "to: orders\nsla_ms: 900"),
            ("tiers", "l2: { jitter: 0 }"),
            ("topology", "orders: { calls: [payments] }"),
        ];
        foreach (var order in (IEnumerable<(string, string)>[])[scopes, scopes.Reverse()])
        {
            var document = GoodDocument.Load([.. order]);
            var payments = document.PolicyOf("orders", "payments");
            (payments.Total.TotalMilliseconds, payments.Reserve.TotalMilliseconds, payments.MinTimeLeft.TotalMilliseconds).ShouldBe((3000, 8, 20));
            (payments.L2.MaxAttempts, payments.L2.Backoff.Jitter).ShouldBe((2, 0));
            document.PolicyOf("gateway", "orders").Total.TotalMilliseconds.ShouldBe(6000);
            document.Routes["place-order"].ShouldBe(new RoutePolicy("place-order", "orders", TimeSpan.FromMilliseconds(900), document.Routes["place-order"].WaitsFor));
            document.Topology["orders"].Calls.ShouldBe(["payments"]);
        }
    }

    [Fact]
    public void Every_part_of_a_document_is_read()
    {
        var document = GoodDocument.Load(GoodDocument.Text);
        document.Services.Order().ShouldBe(["gateway", "orders", "payments"]);
        document.Dependencies.Order().ShouldBe(["inventory", "orders", "payment-provider", "payments"]);
        var route = document.Routes["place-order"];
        (route.To, route.Sla.TotalMilliseconds).ShouldBe(("orders", 2000));
        route.WaitsFor.ShouldBe(["inventory"]);
        var orders = document.Topology["orders"];
        orders.AllCalls.ShouldBe(["inventory", "payments"]);
        orders.Ready.ShouldBe(TimeSpan.FromSeconds(3));
        document.Topology["gateway"].Ready.ShouldBeNull();

        var payments = document.PolicyOf("orders", "payments");
        (payments.Total.TotalMilliseconds, payments.L2.MaxAttempts, payments.L2.AttemptTimeout.TotalMilliseconds).ShouldBe((3500, 2, 3000));
        (payments.Refusals, payments.MaxBufferedBytes, payments.PropagatesContext).ShouldBe((RefusalMode.Answer, 2048, true));
        payments.RetryBudget.ShouldBeNull();
        payments.Connections.ShouldBe(new ConnectionPolicy { Idle = TimeSpan.FromSeconds(20), Lifetime = TimeSpan.FromSeconds(200), MaxPerHost = 100 });
        payments.RetryOn.ShouldBe(new RetrySignals { Http = [503, 504], Grpc = ["UNAVAILABLE"], Codes = ["BUSY", "LATER"] });
        (document.PolicyOf("payments", "payment-provider").L1!.MaxAttempts, document.PolicyOf("gateway", "orders").L1).ShouldBe((2, null));
    }

    [Fact]
    public void Numbers_are_read_exactly()
    {
        foreach (var (text, ticks) in ((string, long)[])[("2.3", 23_000), ("0.0001", 1), ("1.005", 10_050), ("3600000", 36_000_000_000), ("1e2", 1_000_000), ("+7", 70_000)])
        {
            GoodDocument.Load($"defaults: {{ l2: {{ attempt_timeout_ms: {text} }} }}").PolicyOf(null, "a").L2.AttemptTimeout.Ticks.ShouldBe(ticks, text);
        }
    }

    [Theory]
    [InlineData("refusals: answer", "refusals: never", 13, "defaults.refusals", "'never'")]
    [InlineData("max_per_host: 100", "max_per_host: 0", 7, "defaults: connections.max_per_host", "0")]
    [InlineData("http: [503, 504]", "http: [503, x]", 8, "tiers.retry_on.http.1", "'x'")]
    [InlineData("l1: { attempt_timeout_ms: 2500, window_ms: 2600 }", "l1: { attempt_timeout_ms: 2700, window_ms: 2600 }", 19, "payment-provider: l1.window_ms", "2600 ms")]
    [InlineData("      enabled: true", "      enabled: on", 23, "dependencies.inventory.l1.enabled", "'on'")]
    [InlineData("    l1:\n      enabled: true", "    l9:\n      enabled: true", 22, "dependencies.inventory.l9", "a section")]
    [InlineData("total_ms: 5000", "total_ms: 5", 26, "services.orders.defaults: total_ms", "5 ms")]
    [InlineData("recovery_ms: 4000, break_ms: 4500", "recovery_ms: 4600", 5, "orders -> payments: breaker.break_ms", "4000 ms")]
    [InlineData("    to: orders\n", "", 35, "routes.place-order.to", "not there")]
    [InlineData("    sla_ms: 2000", "    sla_ms: 0", 37, "routes.place-order.sla_ms", "'0'")]
    [InlineData("    l2: { max_attempts: 2 }", "    l2: { max_attempts: 0 }", 39, "routes.place-order: l2.max_attempts", "0")]
    [InlineData("    l2: { max_attempts: 2 }", "    breaker: { break_ms: 9 }", 39, "routes.place-order.breaker", "a section")]
    [InlineData("payments: { background: [payment-provider]", "payments: { background: payment-provider", 43, "topology.payments.background", "'payment-provider'")]
    [InlineData("defaults:\n", "defaults: [\n", 11, "the text", "")]
    public void What_is_wrong_is_found_at_its_line(string right, string wrong, int line, string key, string value)
    {
        GoodDocument.Text.ShouldContain(right);
        var errors = GoodDocument.ShouldBeRefused(GoodDocument.Text.Replace(right, wrong, StringComparison.Ordinal));
        errors.ShouldContain(error => error.Line == line && error.Key == key && (value.Length == 0 || error.Value == value), string.Join('\n', errors));
    }

    [Theory]
    [InlineData("total_ms: 5000\nreserve_ms: 20\n", 2, "min_time_left_ms")]
    [InlineData("min_time_left_ms: 4\ntotal_ms: 5000\n", 1, "min_time_left_ms")]
    [InlineData("total_ms: 5000\nl2:\n  jitter: 0\n  max_delay_ms: 9\n", 4, "l2.max_delay_ms")]
    [InlineData("total_ms: 5000\nl2:\n  base_delay_ms: 3100\n", 3, "l2.max_delay_ms")]
    public void Where_two_keys_do_not_go_together_it_is_the_one_that_was_written(string text, int line, string key) =>
        GoodDocument.ShouldBeRefused(text, "defaults").ShouldHaveSingleItem().ShouldSatisfyAllConditions(
            error => error.Line.ShouldBe(line), error => error.Key.ShouldBe($"defaults: {key}"));

    [Fact]
    public void An_error_is_told_at_the_file_it_stands_in()
    {
        var errors = Should.Throw<PolicyInvalidException>(() => GoodDocument.Load(
            (PolicyScope.Whole, GoodDocument.Text), ("services/orders", "# first\ndependencies:\n  payments: { total_ms: 2 }\n"))).Errors;
        errors.ShouldContain(error => error.Source == "config/services/orders.yaml" && error.Line == 3 && error.Key == "orders -> payments: total_ms");
    }

    [Fact]
    public void All_scopes_that_are_wrong_are_named()
    {
        var errors = Should.Throw<PolicyInvalidException>(() => GoodDocument.Load(("defaults", "- 5"), ("tiers", "\t"), ("dependencies/a", "&x {}"))).Errors;
        errors.Select(error => error.Source).ShouldBe(["config/defaults.yaml", "config/dependencies/a.yaml", "config/tiers.yaml"]);
    }

    [Fact]
    public void A_text_that_could_not_be_read_is_refused_with_its_reason()
    {
        var problem = new PolicyError("the file", "locked", "must be readable") { Source = "a.yaml" };
        Should.Throw<PolicyInvalidException>(() => PolicyDocument.Load([new PolicySource(PolicyScope.Whole, "a.yaml", ReadOnlyMemory<byte>.Empty) { Problem = problem }]))
            .Errors.ShouldBe([problem]);
    }

    [Fact]
    public void A_mark_of_UTF_8_at_the_start_is_no_mistake() =>
        PolicyDocument.Load([new PolicySource(PolicyScope.Whole, GoodDocument.File, (byte[])[0xEF, 0xBB, 0xBF, .. Encoding.UTF8.GetBytes(GoodDocument.Text)])]).Routes.Count.ShouldBe(1);
}
