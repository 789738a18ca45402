namespace Resilience.Tests.Policies;

/// <summary>The linter on a document such as a shop has it.</summary>
public sealed class ExampleDocumentTests
{
    private const string Text =
        """
        defaults: { total_ms: 10000 }
        dependencies:
          payment-provider: { total_ms: 2900, l1: { attempt_timeout_ms: 2500, window_ms: 2600 }, propagate: false }
        services:
          orders:
            dependencies:
              payments: { total_ms: 3500, l2: { attempt_timeout_ms: 3000, max_attempts: 2 }, breaker: { recovery_ms: 4000 } }
        routes:
          place-order: { to: orders, sla_ms: 2000, waits_for: [inventory] }
        topology:
          gateway: { calls: [orders, inventory, payments] }
          orders: { calls: [inventory], background: [inventory, payments], ready_ms: 3000 }
          payments: { background: [payment-provider], ready_ms: 3000 }
        """;

    [Fact]
    public void What_is_found_in_it_is_what_there_is()
    {
        var findings = PolicyLinter.Lint(GoodDocument.Load(Text));
        findings.Select(finding => $"{finding.Severity} {finding.Rule} {finding.Arithmetic}").ShouldBe(
        [
            "Warning breaker-shorter-than-readiness gateway -> orders: recovery_ms says orders is back after 2000 ms, ready_ms says after 3000 ms.",
            "Warning breaker-shorter-than-readiness gateway -> payments: recovery_ms says payments is back after 2000 ms, ready_ms says after 3000 ms.",
            "Warning caller-gives-up-first gateway -> orders -> inventory: orders -> inventory takes up to 10000 + 5 reserve = 10005 ms, "
                + "but an attempt of gateway -> orders ends after 2000 ms and is made again.",
            "Warning limit-nobody-reaches orders: it degrades above a P99 of 2000 ms, and nobody waits for it longer than 2000 ms.",
            "Warning route-sla routes.place-order: gateway -> orders: only 1 of 3 attempts can start: 2000 + 130 wait + 2000 + 260 wait + 2000 + 5 reserve, sla_ms is 2000.",
            "Warning route-sla routes.place-order: orders -> inventory: 10000 + 5 reserve = 10005 ms, sla_ms is 2000: late attempts are never made.",
            "Note attempts-exceed-total payments -> payment-provider: only 3 of 5 attempts can start when each of them times out, all of them when they fail at once: "
                + "2500 + 6.5 wait + 93.5 + 130 wait + 2500 + 13 wait + 87 + 260 wait + 2500 + 5 reserve need 8095 ms, total_ms is 2900.",
            "Note attempts-exceed-total orders -> payments: attempt 2 of 2 gets 365 of its 3000 ms: 3000 + 130 wait + 3000 + 5 reserve need 6135 ms, total_ms is 3500.",
            "Note attempts-exceed-window payments -> payment-provider: 2 of 3 attempts start when each of them times out, all of them when they fail at once: "
                + "2500 + 6.5 wait + 2500 + 13 wait + 2500 need 7519.5 ms, window_ms is 2600.",
        ]);
    }

    [Fact]
    public void The_fixes_that_end_its_warnings_leave_notes_alone()
    {
        string[] scopes =
        [
            "services/gateway", "dependencies: { orders: { breaker: { recovery_ms: 3000 } }, payments: { breaker: { recovery_ms: 3000 } } }",
            "services/orders", "dependencies: { inventory: { total_ms: 1995, l2: { attempt_timeout_ms: 533 } } }\ndegradation: { p99_limit_ms: 1500 }",
            "routes/place-order", "l2: { attempt_timeout_ms: 535 }",
        ];
        var findings = PolicyLinter.Lint(GoodDocument.Load([(PolicyScope.Whole, Text), .. scopes.Chunk(2).Select(scope => (scope[0], scope[1]))]));
        findings.Where(finding => finding.Severity > FindingSeverity.Note).ShouldHaveSingleItem().Arithmetic.ShouldStartWith("routes.place-order: gateway -> orders -> inventory: ");
    }
}
