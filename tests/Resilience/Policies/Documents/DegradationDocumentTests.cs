namespace Resilience.Tests.Policies;

/// <summary>When services degrade, as documents say it.</summary>
public sealed class DegradationDocumentTests
{
    [Fact]
    public void A_document_that_says_nothing_leaves_the_library_s_defaults() =>
        ShouldSay(PolicyDocument.Empty.DegradationOf("orders"), new DegradationPolicy());

    [Fact]
    public void Every_key_is_read()
    {
        var policy = GoodDocument.Load(GoodDocument.Text).DegradationOf("payments");
        ShouldSay(policy, new DegradationPolicy
        {
            P99Limit = TimeSpan.FromMilliseconds(1500),
            ErrorLimit = 0.1,
            SlopeLimit = -2,
            Window = TimeSpan.FromSeconds(5),
            RateTime = TimeSpan.FromSeconds(60),
            SlopeTime = TimeSpan.FromSeconds(30),
            MinimumRequests = 10,
            MinimumSlices = 3,
            Rules =
            [
                new(Signals.P99, DegradationLevel.Alert), new(Signals.Errors, DegradationLevel.Alert), new(Signals.P99 | Signals.Errors, DegradationLevel.Degraded),
                new(Signals.P99 | Signals.Errors | Signals.Slope, DegradationLevel.Broken),
            ],
            RecoverySteps = [0.1, 1],
            Cooldown = TimeSpan.FromSeconds(5),
            MaxCooldown = TimeSpan.FromSeconds(60),
            StepTime = TimeSpan.FromSeconds(2),
            StepRequests = 5,
            Patience = TimeSpan.FromSeconds(30),
        });
    }

    [Fact]
    public void A_service_inherits_key_by_key()
    {
        var document = GoodDocument.Load(GoodDocument.Text);
        var (all, orders) = (document.DegradationOf(null), document.DegradationOf("orders"));
        ShouldSay(orders, all with { IsEnabled = false, ErrorLimit = 0.2 });
    }

    [Fact]
    public void A_scope_of_its_own_can_hold_it() =>
        ShouldSay(
            GoodDocument.Load(("degradation", "error_limit: 0.3"), ("services/orders", "degradation: { slope_limit: -9 }")).DegradationOf("orders"),
            new DegradationPolicy { ErrorLimit = 0.3, SlopeLimit = -9 });

    [Fact]
    public void A_rule_can_be_taken_away()
    {
        var policy = GoodDocument.Load("degradation: { break_on: [] }").DegradationOf(null);
        policy.Rules.Select(rule => rule.Then).ShouldBe([DegradationLevel.Alert, DegradationLevel.Degraded]);
    }

    [Fact]
    public void What_does_not_go_together_is_said_at_the_service_that_says_it()
    {
        var errors = GoodDocument.ShouldBeRefused(
            """
            degradation: { cooldown_ms: 20000 }
            services:
              orders:
                degradation:
                  max_cooldown_ms: 15000
            """);
        var error = errors.ShouldHaveSingleItem();
        (error.Key, error.Line).ShouldBe(("services.orders.degradation.max_cooldown_ms", 5));
        error.ToString().ShouldContain("is 15000 ms; it must be at least cooldown_ms, which is 20000 ms.");
    }

    [Fact]
    public void What_is_wrong_for_all_is_said_once()
    {
        var errors = GoodDocument.ShouldBeRefused(
            """
            degradation: { error_limit: 7 }
            services:
              orders: { degradation: { cooldown_ms: 5000 } }
              payments: { degradation: { cooldown_ms: 6000 } }
            """);
        errors.ShouldHaveSingleItem().Key.ShouldBe("degradation.error_limit");
    }

    [Fact]
    public void A_signal_that_does_not_exist_is_refused_with_those_that_do() =>
        GoodDocument.ShouldBeRefused("degradation: { degrade_on: [p99+cpu] }").ShouldHaveSingleItem().ToString()
            .ShouldBe("config/resilience.yaml:1: degradation.degrade_on.0 is 'p99+cpu'; it must be p99, errors, slope, or some of them joined by '+', in a list.");

    private static void ShouldSay(DegradationPolicy policy, DegradationPolicy expected) => policy.SaysTheSameAs(expected).ShouldBeTrue($"{policy}\n{expected}");
}
