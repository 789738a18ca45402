namespace Resilience.Tests.Policies;

/// <summary>What each rule finds, where it says that it is, and with which numbers.</summary>
public sealed class LinterTests
{
    private const string Chain = "topology:\n  gateway: { calls: [orders] }\n  orders: { calls: [inventory], background: [payments], ready_ms: 3000 }\n  payments: { background: [provider] }\n";

    [Theory]
    [InlineData("{}")]
    [InlineData("defaults: {}\ntiers: {}\n")]
    [InlineData("dependencies: { a: {} }\nservices: { b: { dependencies: { c: {} } } }\n")]
    [InlineData("topology: { a: { calls: [b] }, b: {} }")]
    public void Where_nothing_is_contradictory_nothing_is_found(string text) => PolicyLinter.Lint(GoodDocument.Load(text)).ShouldBeEmpty();

    [Fact]
    public void Attempts_that_leave_no_time_for_a_retry_are_an_error()
    {
        var finding = Single("dependencies:\n  a:\n    total_ms: 3000\n    l2: { attempt_timeout_ms: 2900 }\n", "attempts-exceed-total", FindingSeverity.Error);
        (finding.First, finding.Second).ShouldBe(($"{GoodDocument.File}:3 dependencies.a.total_ms", $"{GoodDocument.File}:4 dependencies.a.l2.attempt_timeout_ms"));
        finding.Arithmetic.ShouldBe(
            "a: after a first attempt that times out, no retry can start: 2900 + 130 wait + 2900 + 260 wait + 2900 + 5 reserve need 9095 ms, total_ms is 3000.");
        finding.Fix.ShouldBe(
            "set dependencies.a.total_ms to 9095; or set dependencies.a.l2.max_attempts to 1; or set dependencies.a.l2.attempt_timeout_ms to 868.");
    }

    [Theory]
    [InlineData("{ total_ms: 6395 }", null)]
    [InlineData("{ total_ms: 6394 }", FindingSeverity.Note)]
    [InlineData("{ total_ms: 4400 }", FindingSeverity.Note)]
    [InlineData("{ total_ms: 4399 }", FindingSeverity.Warning)]
    [InlineData("{ total_ms: 2140 }", FindingSeverity.Warning)]
    [InlineData("{ total_ms: 2139 }", FindingSeverity.Error)]
    [InlineData("{ total_ms: 2139, l2: { max_attempts: 1 } }", null)]
    [InlineData("{ total_ms: 2000, l2: { max_attempts: 1 } }", FindingSeverity.Note)]
    [InlineData("{ total_ms: 2139, l2: { backoff: none } }", FindingSeverity.Warning)]
    [InlineData("{ total_ms: 2139, l2: { jitter: 0 } }", FindingSeverity.Warning)]
    public void Attempts_are_counted_as_calls_make_them(string section, FindingSeverity? severity) =>
        (PolicyLinter.Lint(GoodDocument.Load($"dependencies: {{ a: {section} }}"))
            .SingleOrDefault(finding => finding.Rule == "attempts-exceed-total")?.Severity).ShouldBe(severity);

    [Fact]
    public void The_products_own_window_of_L1_is_no_more_than_a_note()
    {
        var finding = PolicyLinter.Lint(GoodDocument.Load("dependencies: { a: { l1: { enabled: true } } }")).ShouldHaveSingleItem();
        (finding.Rule, finding.Severity).ShouldBe(("attempts-exceed-window", FindingSeverity.Note));
        (finding.First, finding.Second).ShouldBe(("(default) l1.window_ms", "(default) l1.max_attempts"));
        finding.Arithmetic.ShouldBe(
            "a: 2 of 3 attempts start when each of them times out, all of them when they fail at once: 50 + 6.5 wait + 50 + 13 wait + 50 need 169.5 ms, window_ms is 95.");
    }

    [Theory]
    [InlineData("window_ms: 170", null)]
    [InlineData("window_ms: 67", FindingSeverity.Note)]
    [InlineData("window_ms: 66", FindingSeverity.Error)]
    [InlineData("window_ms: 66, max_attempts: 1", null)]
    [InlineData("window_ms: 100, max_attempts: 10", FindingSeverity.Warning)]
    public void The_attempts_of_L1_are_held_against_its_window(string l1, FindingSeverity? severity) =>
        (PolicyLinter.Lint(GoodDocument.Load($"dependencies: {{ a: {{ l1: {{ {l1} }} }} }}"))
            .SingleOrDefault(finding => finding.Rule == "attempts-exceed-window")?.Severity).ShouldBe(severity);

    [Theory]
    [InlineData("sla_ms: 11000", "", FindingSeverity.Error, "the call is given up after 10000 ms, 11000 ms are promised.")]
    [InlineData("sla_ms: 1999", "", FindingSeverity.Error, "the first attempt may take 2000 ms, sla_ms is 1999.")]
    [InlineData("sla_ms: 9", ", l2: { attempt_timeout_ms: 5 }", FindingSeverity.Error, "no attempt starts with less than 10 ms left, sla_ms is 9.")]
    [InlineData("sla_ms: 2000", "", FindingSeverity.Warning, "only 1 of 3 attempts can start: 2000 + 130 wait + 2000 + 260 wait + 2000 + 5 reserve, sla_ms is 2000.")]
    [InlineData("sla_ms: 6395", "", null, "")]
    [InlineData("sla_ms: 2000", ", total_ms: 2000, l2: { max_attempts: 1 }", null, "")]
    public void What_the_gateway_does_must_fit_into_what_a_route_promises(string sla, string calls, FindingSeverity? severity, string arithmetic)
    {
        var findings = PolicyLinter.Lint(GoodDocument.Load($"routes:\n  r: {{ to: orders, {sla}{calls} }}\n{Chain}")).Where(finding => finding.Rule == "route-sla").ToList();
        findings.Count.ShouldBe(severity is null ? 0 : 1);
        findings.ShouldAllBe(finding => finding.Severity == severity && finding.First == $"{GoodDocument.File}:2 routes.r.sla_ms" && finding.Arithmetic == $"routes.r: gateway -> orders: {arithmetic}");
    }

    [Theory]
    [InlineData("{ total_ms: 1995, l2: { attempt_timeout_ms: 500 } }", null, "")]
    [InlineData("{ total_ms: 1996, l2: { attempt_timeout_ms: 500 } }", FindingSeverity.Warning, "1996 + 5 reserve = 2001 ms, sla_ms is 2000: late attempts are never made.")]
    [InlineData("{ l2: { attempt_timeout_ms: 2001 } }", FindingSeverity.Error, "one attempt takes up to 2001 ms, sla_ms is 2000.")]
    public void What_a_route_waits_for_must_fit_into_what_it_promises(string inventory, FindingSeverity? severity, string arithmetic)
    {
        var text = $"routes:\n  r: {{ to: orders, sla_ms: 2000, waits_for: [inventory], total_ms: 2000, l2: {{ max_attempts: 1 }} }}\ndependencies:\n  inventory: {inventory}\n{Chain}";
        var findings = PolicyLinter.Lint(GoodDocument.Load(text)).Where(finding => finding.Rule == "route-sla").ToList();
        findings.Count.ShouldBe(severity is null ? 0 : 1);
        findings.ShouldAllBe(finding => finding.Severity == severity && finding.Arithmetic == $"routes.r: orders -> inventory: {arithmetic}"
            && finding.First == $"{GoodDocument.File}:2 routes.r.sla_ms" && finding.Second.StartsWith($"{GoodDocument.File}:4 dependencies.inventory."));
    }

    [Fact]
    public void Each_service_that_a_route_waits_for_has_what_the_one_before_it_has()
    {
        var text =
            """
            routes: { r: { to: a, sla_ms: 9000, waits_for: [b, c] } }
            dependencies:
              b: { total_ms: 3000, l2: { max_attempts: 1 } }
              c: { total_ms: 2996, l2: { max_attempts: 1 } }
            topology: { gateway: { calls: [a] }, a: { calls: [b] }, b: { calls: [c] } }
            """;
        var finding = PolicyLinter.Lint(GoodDocument.Load(text)).Where(finding => finding.Rule == "route-sla").ShouldHaveSingleItem();
        (finding.First, finding.Second).ShouldBe(($"{GoodDocument.File}:3 dependencies.b.total_ms", $"{GoodDocument.File}:4 dependencies.c.total_ms"));
        finding.Arithmetic.ShouldBe("routes.r: b -> c: 2996 + 5 reserve = 3001 ms, total_ms of a -> b is 3000: late attempts are never made.");
        finding.Fix.ShouldBe("set services.b.dependencies.c.total_ms to 2995; or set services.a.dependencies.b.total_ms to 3001.");
    }

    [Fact]
    public void A_caller_that_gives_up_before_its_callee_is_found()
    {
        var warning = Single($"dependencies: {{ inventory: {{ total_ms: 3000, l2: {{ attempt_timeout_ms: 900 }} }} }}\n{Chain}", "caller-gives-up-first", FindingSeverity.Warning, "gateway");
        (warning.First, warning.Second).ShouldBe(("(default) l2.attempt_timeout_ms", $"{GoodDocument.File}:1 dependencies.inventory.total_ms"));
        warning.Arithmetic.ShouldBe(
            "gateway -> orders -> inventory: orders -> inventory takes up to 3000 + 5 reserve = 3005 ms, but an attempt of gateway -> orders ends after 2000 ms and is made again.");
        warning.Fix.ShouldStartWith("set services.orders.dependencies.inventory.total_ms to 1995");
        warning.Fix.ShouldEndWith("; or set services.gateway.dependencies.orders.l2.attempt_timeout_ms to 3005.");

        var error = Single($"dependencies: {{ inventory: {{ total_ms: 3000, l2: {{ attempt_timeout_ms: 2001 }} }} }}\n{Chain}", "caller-gives-up-first", FindingSeverity.Error, "gateway");
        error.Arithmetic.ShouldContain("even one attempt of orders -> inventory takes up to 2001 ms");
    }

    [Fact]
    public void What_a_callee_does_in_the_background_counts_only_for_callers_in_the_background()
    {
        string[] whose = [.. PolicyLinter.FindAll(GoodDocument.Load(Chain)).Where(found => found.Rule == "caller-gives-up-first").Select(found => found.Finding.Whose)];
        whose.ShouldBe(["gateway -> orders -> inventory", "orders -> payments -> provider"]);
    }

    [Theory]
    [InlineData("{ recovery_ms: 3000 }", null)]
    [InlineData("{ recovery_ms: 2999 }", FindingSeverity.Warning)]
    [InlineData("{ recovery_ms: 2999, break_ms: 2999 }", FindingSeverity.Error)]
    [InlineData("{ enabled: false }", null)]
    public void A_breaker_is_held_against_the_time_until_the_callee_is_ready(string breaker, FindingSeverity? severity)
    {
        var findings = PolicyLinter.Lint(GoodDocument.Load($"tiers: {{}}\nservices: {{ gateway: {{ dependencies: {{ orders: {{ breaker: {breaker} }} }} }} }}\n{Chain}"))
            .Where(finding => finding.Rule == "breaker-shorter-than-readiness").ToList();
        findings.Count.ShouldBe(severity is null ? 0 : 1);
        findings.ShouldAllBe(finding => finding.Severity == severity && finding.Second == $"{GoodDocument.File}:5 topology.orders.ready_ms");
    }

    [Fact]
    public void Retries_of_a_callee_that_is_not_told_multiply()
    {
        var finding = Single("services:\n  a: { dependencies: { b: { propagate: false } } }\ntopology: { a: { calls: [b] }, b: { calls: [c] }, c: { calls: [d] } }\n", "retries-multiply", FindingSeverity.Error);
        (finding.First, finding.Second).ShouldBe(($"{GoodDocument.File}:2 services.a.dependencies.b.propagate", "(default) l2.max_attempts"));
        finding.Arithmetic.ShouldBe("a -> b -> c -> d: 3 x (3 + 3 - 1) = 15 requests can come of one, because b is not told which calls are retries.");
        finding.Fix.ShouldBe("set services.a.dependencies.b.propagate to true; or set services.a.dependencies.b.l2.max_attempts to 1.");
    }

    [Fact]
    public void A_callee_that_does_not_pass_on_what_it_is_told_multiplies_its_callers_retries()
    {
        var text = "services: { b: { dependencies: { c: { propagate: false, l2: { max_attempts: 1 } } } } }\ntopology: { a: { calls: [b] }, b: { calls: [c] }, c: { calls: [d] } }\n";
        Single(text, "retries-multiply", FindingSeverity.Error).Arithmetic.ShouldStartWith("a -> b -> c -> d: (3 + 1 - 1) x 3 = 9 requests");
    }

    [Theory]
    [InlineData("{ propagate: false }", "a: { calls: [external] }", null)]
    [InlineData("{ l2: { max_attempts: 4 } }", "a: { calls: [b] }, b: { calls: [c] }, c: { calls: [d] }", null)]
    [InlineData("{ l2: { max_attempts: 5 } }", "a: { calls: [b] }, b: { calls: [c] }, c: { calls: [d] }", "a -> b -> c -> d: 5 + 5 + 5 - 2 = 13 requests can come of one.")]
    [InlineData("{ propagate: false, l2: { max_attempts: 1 } }", "a: { calls: [b] }, b: { calls: [c] }", null)]
    public void Retries_of_callees_that_are_told_add_up(string defaults, string topology, string? note)
    {
        var findings = PolicyLinter.Lint(GoodDocument.Load($"defaults: {defaults}\ntopology: {{ {topology} }}")).Where(finding => finding.Rule == "retries-multiply").ToList();
        findings.Select(finding => (finding.Severity, finding.Arithmetic)).ShouldBe(note is null ? [] : [(FindingSeverity.Note, note)]);
    }

    [Fact]
    public void Retries_without_a_budget_are_said_once_of_all_that_inherit_it()
    {
        var finding = Single($"defaults: {{ retry_budget: {{ enabled: false }}, l2: {{ max_attempts: 2 }} }}\n{Chain}", "no-retry-budget", FindingSeverity.Warning);
        (finding.First, finding.Second).ShouldBe(($"{GoodDocument.File}:1 defaults.retry_budget.enabled", $"{GoodDocument.File}:1 defaults.l2.max_attempts"));
        finding.Arithmetic.ShouldStartWith("gateway -> orders (and 3 more: orders -> inventory, orders -> payments, payments -> provider): up to 2 requests each");
        finding.Fix.ShouldBe("set defaults.retry_budget.enabled to true; or set defaults.l2.max_attempts to 1.");
    }

    [Theory]
    [InlineData("dependencies:\n  paymets: {}\n", FindingSeverity.Warning, "dependencies.paymets", "rename dependencies.paymets to payments.")]
    [InlineData("dependencies:\n  weather: {}\n", FindingSeverity.Warning, "dependencies.weather", "add it to the calls of a service, or remove it from dependencies.weather.")]
    [InlineData("services:\n  ordesr: {}\n", FindingSeverity.Warning, "services.ordesr", "rename services.ordesr to orders.")]
    [InlineData("services:\n  orders: { dependencies: { inventroy: {} } }\n", FindingSeverity.Warning, "services.orders.dependencies.inventroy", "rename services.orders.dependencies.inventroy to inventory.")]
    [InlineData("routes:\n  r: { to: oders, sla_ms: 9000 }\n", FindingSeverity.Warning, "routes.r.to", "rename oders in routes.r.to to orders.")]
    [InlineData("routes:\n  r: { to: orders, sla_ms: 9000, waits_for: [inventry] }\n", FindingSeverity.Error, "routes.r.waits_for", "rename inventry in routes.r.waits_for to inventory.")]
    public void A_name_that_nobody_calls_is_found_with_the_one_that_was_meant(string text, FindingSeverity severity, string path, string fix)
    {
        var finding = Single(text + Chain, "unknown-name", severity);
        finding.First.ShouldBe($"{GoodDocument.File}:2 {path}");
        finding.Fix.ShouldBe(fix);
    }

    [Fact]
    public void A_call_in_the_topology_that_is_almost_a_service_is_found()
    {
        var finding = Single("topology:\n  a: { calls: [inventroy, provider] }\n  inventory: {}\n", "unknown-name", FindingSeverity.Warning);
        (finding.First, finding.Second).ShouldBe(($"{GoodDocument.File}:2 topology.a.calls", $"{GoodDocument.File}:3 topology.inventory"));
        finding.Fix.ShouldBe("rename inventroy in topology.a.calls to inventory.");
    }

    [Fact]
    public void Without_a_topology_no_name_is_unknown() =>
        PolicyLinter.Lint(GoodDocument.Load("dependencies: { a: {} }\nroutes: { r: { to: b, sla_ms: 9000, waits_for: [c] } }\n")).ShouldNotContain(finding => finding.Rule == "unknown-name");

    [Theory]
    [InlineData("  a: { calls: [a] }\n", "a -> a: a calls a, which waits for itself.", "topology.a.calls", "topology.a.calls")]
    [InlineData("  a: { calls: [b] }\n  b: { background: [c] }\n  c: { calls: [a] }\n", "a -> b -> c -> a: c calls a, which waits for c.", "topology.c.calls", "topology.a.calls")]
    public void Calls_that_come_back_are_found_and_hang_nothing(string topology, string arithmetic, string first, string second)
    {
        var finding = Single($"topology:\n{topology}", "call-cycle", FindingSeverity.Error);
        finding.Arithmetic.ShouldBe(arithmetic);
        (finding.First[(finding.First.IndexOf(' ') + 1)..], finding.Second[(finding.Second.IndexOf(' ') + 1)..]).ShouldBe((first, second));
    }

    [Fact]
    public void Places_of_other_files_are_named()
    {
        var document = GoodDocument.Load((PolicyScope.Whole, "dependencies: { a: { total_ms: 3000 } }"), ("tiers", "# first\nl2: { attempt_timeout_ms: 2900 }"));
        var finding = PolicyLinter.Lint(document).First(finding => finding.Arithmetic.StartsWith("a: ", StringComparison.Ordinal));
        (finding.First, finding.Second).ShouldBe(($"{GoodDocument.File}:1 dependencies.a.total_ms", "config/tiers.yaml:2 tiers.l2.attempt_timeout_ms"));
    }

    private static PolicyFinding Single(string text, string rule, FindingSeverity severity, string whose = "") => PolicyLinter.Lint(GoodDocument.Load(text))
        .Where(finding => finding.Rule == rule && finding.Arithmetic.StartsWith(whose, StringComparison.Ordinal)).ShouldHaveSingleItem().ShouldSatisfy(severity);
}

file static class Findings
{
    public static PolicyFinding ShouldSatisfy(this PolicyFinding finding, FindingSeverity severity)
    {
        finding.Severity.ShouldBe(severity, finding.ToString());
        return finding;
    }
}
