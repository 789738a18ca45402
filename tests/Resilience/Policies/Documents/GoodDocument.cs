using System.Text;

namespace Resilience.Tests.Policies;

/// <summary>A document that says everything there is to say, and how documents are read in tests.</summary>
internal static class GoodDocument
{
    public const string File = "config/resilience.yaml";

    public const string Text =
        """
        # Line 1
        tiers:
          l1: { attempt_timeout_ms: 40, max_attempts: 2, window_ms: 100, backoff: fixed, base_delay_ms: 2, max_delay_ms: 3, backoff_factor: 3, jitter: 0.1 }
          l2: { attempt_timeout_ms: 900, max_attempts: 4, backoff: exponential, base_delay_ms: 90, max_delay_ms: 2000, backoff_factor: 1.5, jitter: 0.2 }
          breaker: { failure_ratio: 0.4, minimum_throughput: 9, sampling_ms: 9000, break_ms: 4000, recovery_ms: 3000 }
          retry_budget: { ratio: 0.2, floor: 4, window_ms: 8000 }
          connections: { idle_ms: 20000, lifetime_ms: 200000, max_per_host: 100 }
          retry_on: { http: [503, 504], grpc: [UNAVAILABLE], codes: [BUSY, "LATER"] }
        defaults:
          total_ms: 9000
          reserve_ms: 6
          min_time_left_ms: 11
          refusals: answer
          max_buffered_bytes: 2048
          propagate: true
        dependencies:
          payment-provider:
            total_ms: 2900
            l1: { attempt_timeout_ms: 2500, window_ms: 2600 }
            propagate: false
          inventory:
            l1:
              enabled: true
        services:
          orders:
            defaults: { total_ms: 5000 }
            degradation: { enabled: false, error_limit: 0.2 }
            dependencies:
              payments:
                total_ms: 3500
                l2: { attempt_timeout_ms: 3000, max_attempts: 2 }
                breaker: { recovery_ms: 4000, break_ms: 4500 }
                retry_budget: { enabled: false }
        routes:
          place-order:
            to: orders
            sla_ms: 2000
            waits_for: [inventory]
            l2: { max_attempts: 2 }
        topology:
          gateway: { calls: [orders, inventory, payments] }
          orders: { calls: [inventory], background: [inventory, payments], ready_ms: 3000 }
          payments: { background: [payment-provider], ready_ms: 3000 }
        degradation:
          p99_limit_ms: 1500
          error_limit: 0.1
          slope_limit: -2
          window_ms: 5000
          rate_ms: 60000
          slope_ms: 30000
          minimum_requests: 10
          minimum_slices: 3
          alert_on: [p99, errors]
          degrade_on: [p99+errors]
          break_on: [p99+errors+slope]
          recovery_steps: [0.1, 1]
          cooldown_ms: 5000
          max_cooldown_ms: 60000
          step_ms: 2000
          step_requests: 5
          patience_ms: 30000
        release:
          steps: [0.1, 0.5]
          checks: [shape]
          p95_ratio_limit: 1.5
          p95_slack_ms: 10
          success_margin: 0.05
          minimum_requests: 50
          interval_ms: 2000
          patience_ms: 600000
        """;

    /// <summary>Reads a document.</summary>
    public static PolicyDocument Load(string text) => Load((PolicyScope.Whole, text));

    /// <summary>Reads a document from its scopes, each in a file named after it.</summary>
    public static PolicyDocument Load(params (string Scope, string Text)[] scopes) => PolicyDocument.Load(scopes.Select(scope =>
        new PolicySource(scope.Scope, scope.Scope == PolicyScope.Whole ? File : $"config/{scope.Scope}.yaml", Encoding.UTF8.GetBytes(scope.Text))));

    /// <summary>What is wrong with a text; that it is told as promised.</summary>
    public static IReadOnlyList<PolicyError> ShouldBeRefused(ReadOnlyMemory<byte> content, string scope = PolicyScope.Whole)
    {
        var errors = Should.Throw<PolicyInvalidException>(() => PolicyDocument.Load([new PolicySource(scope, File, content)])).Errors;
        errors.ShouldNotBeEmpty();
        errors.ShouldAllBe(error => error.Source == File && error.Line >= (content.Length > PolicySource.MaxBytes ? 0 : 1));
        errors.ShouldAllBe(error => error.Key.Length > 0 && error.Value.Length > 0 && error.Value.Length < 200 && error.Expected.StartsWith("must "));
        return errors;
    }

    /// <summary>What is wrong with a text; that it is told as promised.</summary>
    public static IReadOnlyList<PolicyError> ShouldBeRefused(string text, string scope = PolicyScope.Whole) => ShouldBeRefused(Encoding.UTF8.GetBytes(text), scope);

    /// <summary>The text of a document that says one thing, at a path such as <c>defaults.l2.max_attempts</c>.</summary>
    public static string Saying(string path, string value)
    {
        var keys = path.Split('.');
        var text = new StringBuilder();
        for (var depth = 0; depth < keys.Length; depth++)
        {
            text.Append(' ', depth * 2).Append(keys[depth]).Append(depth < keys.Length - 1 ? ":\n" : $": {value}\n");
        }

        return text.ToString();
    }
}
