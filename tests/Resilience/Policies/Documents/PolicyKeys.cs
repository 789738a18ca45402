namespace Resilience.Tests.Policies;

/// <summary>What a key can hold.</summary>
internal enum KeyKind
{
    Time,
    Count,
    Number,
    Flag,
    Backoff,
    Refusals,
    Statuses,
    Statements,
    Codes,
    Names,
    Name,
}

/// <summary>A key, and numbers that are still right and no longer right.</summary>
internal sealed record PolicyKey(string Path, KeyKind Kind, string[] Good, string[] Bad);

/// <summary>Every key of a document, by the sections it can stand in.</summary>
internal static class PolicyKeys
{
    private static readonly string[] WrongShapes = ["", "~", "[]", "{}", "[1]", "{ a: 1 }", "[[1]]"];
    private static readonly string[] WrongTexts = ["abc", "'5'", "\"5\"", "10 ms", "1,5", "1_000", "|\n                5"];

    // Numbers that YAML may know and policies do not take.
    private static readonly string[] WrongNumbers =
        [.. WrongTexts, "NaN", ".nan", ".inf", "-.inf", "Infinity", "1e400", "-1e400", "99999999999999999999", "true", "0o17", "--5", "5-", "\u0661"];

    private static readonly string[] WrongLists = ["5", "abc", "true", "{}", "{ 0: 503 }", "[~]", "[[]]", "[{}]", "['']", "[a b c]"];

    /// <summary>The keys of what may be called from <paramref name="section"/>: a dependency's policy, or defaults.</summary>
    public static IEnumerable<PolicyKey> OfCalls(string section) =>
    [
        .. OfRoute(section),
        Flag($"{section}.breaker.enabled"),
        Flag($"{section}.retry_budget.enabled"),
        .. Breaker($"{section}.breaker"),
        .. Budget($"{section}.retry_budget"),
        .. Connections($"{section}.connections"),
    ];

    /// <summary>The keys that a route may say of its calls.</summary>
    public static IEnumerable<PolicyKey> OfRoute(string section) =>
    [
        Time($"{section}.total_ms", "20", "3600000"),
        Number(KeyKind.Time, $"{section}.reserve_ms", ["0", "9.5"], ["-1"]),
        Time($"{section}.min_time_left_ms", "6", "9000"),
        new($"{section}.refusals", KeyKind.Refusals, ["throw", "answer", "'answer'"], [.. WrongShapes, "never", "Throw", "5", "true"]),
        Number(KeyKind.Count, $"{section}.max_buffered_bytes", ["0", "2147483647"], ["-1", "2147483648"]),
        Flag($"{section}.propagate"),
        Flag($"{section}.l1.enabled"),
        .. Attempts($"{section}.l1"),
        Time($"{section}.l1.window_ms", "50", "3600000"),
        .. Attempts($"{section}.l2"),
        .. Signals($"{section}.retry_on"),
    ];

    /// <summary>The numbers of the tiers.</summary>
    public static IEnumerable<PolicyKey> OfTiers() =>
    [
        .. Attempts("tiers.l1"),
        Time("tiers.l1.window_ms", "50", "3600000"),
        .. Attempts("tiers.l2"),
        .. Breaker("tiers.breaker"),
        .. Budget("tiers.retry_budget"),
        .. Connections("tiers.connections"),
        .. Signals("tiers.retry_on"),
    ];

    /// <summary>What a service in the topology has.</summary>
    public static IEnumerable<PolicyKey> OfTopology(string service) =>
    [
        new($"{service}.calls", KeyKind.Names, ["[]", "[a, b-c_1]", "['a']"], [.. WrongLists, "", "[1]", "[true]", "[a.b]", $"[{new string('a', 65)}]"]),
        new($"{service}.background", KeyKind.Names, ["[]", "[a]"], [.. WrongLists, "", "[1]"]),
        Time($"{service}.ready_ms", "0.5", "3600000"),
    ];

    /// <summary>When a service degrades.</summary>
    public static IEnumerable<PolicyKey> OfDegradation(string section) =>
    [
        Flag($"{section}.enabled"),
        Number(KeyKind.Time, $"{section}.p99_limit_ms", ["1", "120000", "1.5"], ["0", "0.5", "-5", "120001"]),
        Number(KeyKind.Number, $"{section}.error_limit", ["0.001", "0.999"], ["0", "1", "-0.1", "0.0009"]),
        Number(KeyKind.Number, $"{section}.slope_limit", ["-1000000", "-0.001"], ["0", "0.8", "-0.0009", "-1000001"]),
        Number(KeyKind.Time, $"{section}.window_ms", ["1000", "3600000"], ["0", "999", "-5", "3600001"]),
        Number(KeyKind.Time, $"{section}.rate_ms", ["1000", "3600000"], ["0", "1500", "-1000", "3601000"]),
        Number(KeyKind.Time, $"{section}.slope_ms", ["10000", "3600000"], ["0", "9000", "10500", "3601000"]),
        Number(KeyKind.Count, $"{section}.minimum_requests", ["1", "1000000"], ["0", "1000001", "1.5"]),
        Number(KeyKind.Count, $"{section}.minimum_slices", ["1", "20"], ["0", "21"]),
        .. ((string[])["alert_on", "degrade_on", "break_on"]).Select(key => new PolicyKey(
            $"{section}.{key}", KeyKind.Names, ["[]", "[p99]", "[p99+errors, slope]", "['slope+errors+p99']"],
            [.. WrongLists, "", "[1]", "[true]", "[P99]", "[cpu]", "[p99+]", "[+p99]", "[p99+p99]", "[p99+errors+p99]", "[p99 + errors]"])),
        new($"{section}.recovery_steps", KeyKind.Number, ["[1]", "[0.05, 0.25, 0.5, 1]", "[1e-3, 1.0]"], [.. WrongLists, "", "[]", "['1']", "[0, 1]", "[0.5, 1.5]", "[true]"]),
        Time($"{section}.cooldown_ms", "0.5", "300000"),
        Time($"{section}.max_cooldown_ms", "10000", "3600000"),
        Time($"{section}.step_ms", "0.5", "60000"),
        Number(KeyKind.Count, $"{section}.step_requests", ["1", "1000000"], ["0", "1000001"]),
        Time($"{section}.patience_ms", "5000", "3600000"),
    ];

    public static IEnumerable<PolicyKey> OfRelease(string section) =>
    [
        new($"{section}.steps", KeyKind.Number, ["[1]", "[0.05, 0.25, 0.5]", "[1e-3]"], [.. WrongLists, "", "[]", "['1']", "[0, 1]", "[0.5, 1.5]", "[true]"]),
        new($"{section}.checks", KeyKind.Names, ["[]", "[shape, captured-amount]"], [.. WrongLists, "", "[1]", "[a.b]"]),
        Number(KeyKind.Number, $"{section}.p95_ratio_limit", ["1", "100", "1.2"], ["0", "0.99", "100.1", "-1"]),
        Time($"{section}.p95_slack_ms", "0.5", "60000"),
        Number(KeyKind.Number, $"{section}.success_margin", ["0.001", "0.5"], ["0", "0.0009", "0.51", "-0.1"]),
        Number(KeyKind.Count, $"{section}.minimum_requests", ["20", "1000000"], ["0", "19", "1000001", "20.5"]),
        Time($"{section}.interval_ms", "0.5", "60000"),
        Time($"{section}.patience_ms", "10000", "3600000"),
    ];

    /// <summary>What a route has of its own, each beside a complete one.</summary>
    public static IEnumerable<PolicyKey> OfRouteItself(string route) =>
    [
        new($"{route}.to", KeyKind.Name, ["orders", "'orders'"], [.. WrongShapes, "a.b", "a b", "5", "true", "''"]),
        Number(KeyKind.Time, $"{route}.sla_ms", ["1", "3600000", "1.5"], ["0", "0.5", "-1", "3600001"]),
        new($"{route}.waits_for", KeyKind.Names, ["[]", "[a, b]"], [.. WrongLists, "", "[1]", "[a.b]"]),
    ];

    private static IEnumerable<PolicyKey> Attempts(string tier) =>
    [
        Time($"{tier}.attempt_timeout_ms", "0.5", tier.EndsWith("l1", StringComparison.Ordinal) ? "95" : "3600000"),
        Number(KeyKind.Count, $"{tier}.max_attempts", ["1", "10", "+2"], ["0", "11", "-1", "1.5", "1e9"]),
        new($"{tier}.backoff", KeyKind.Backoff, ["exponential", "fixed", "proportional", "none", "\"none\""], [.. WrongShapes, "linear", "Fixed", "1", "false"]),
        Time($"{tier}.base_delay_ms", "0.5", tier.EndsWith("l1", StringComparison.Ordinal) ? "20" : "3000"),
        Time($"{tier}.max_delay_ms", "100", "3600000"),
        Number(KeyKind.Number, $"{tier}.backoff_factor", ["1", "10", "1.5"], ["0.99", "10.01", "-2"]),
        Number(KeyKind.Number, $"{tier}.jitter", ["0", "1", "1e-3", ".5"], ["-0.01", "1.01"]),
    ];

    private static IEnumerable<PolicyKey> Breaker(string section) =>
    [
        Number(KeyKind.Number, $"{section}.failure_ratio", ["0.01", "1"], ["0.009", "1.001", "0"]),
        Number(KeyKind.Count, $"{section}.minimum_throughput", ["1", "1000000"], ["0", "1000001"]),
        Time($"{section}.sampling_ms", "0.5", "3600000"),
        Time($"{section}.break_ms", "2000", "3600000"),
        Time($"{section}.recovery_ms", "0.5", "5000"),
    ];

    private static IEnumerable<PolicyKey> Budget(string section) =>
    [
        Number(KeyKind.Number, $"{section}.ratio", ["0", "1"], ["-0.01", "1.01"]),
        Number(KeyKind.Count, $"{section}.floor", ["0", "2147483647"], ["-1", "2147483648"]),
        Time($"{section}.window_ms", "0.5", "3600000"),
    ];

    private static IEnumerable<PolicyKey> Connections(string section) =>
    [
        Time($"{section}.idle_ms", "0.5", "3600000"),
        Time($"{section}.lifetime_ms", "0.5", "3600000"),
        Number(KeyKind.Count, $"{section}.max_per_host", ["1", "100000"], ["0", "100001"]),
    ];

    private static IEnumerable<PolicyKey> Signals(string section) =>
    [
        new($"{section}.http", KeyKind.Statuses, ["[]", "[401, 599]"], [.. WrongLists, "", "['503']", "[399]", "[600]", "[400]", "[404]", "[409]", "[5.5]"]),
        new($"{section}.grpc", KeyKind.Statements, ["[]", "[ABORTED, 'UNKNOWN']"], [.. WrongLists, "", "[MAYBE]", "[unavailable]", "[OK]", "[14]", "[NOT_FOUND]"]),
        new($"{section}.codes", KeyKind.Codes, ["[]", "[BUSY, '1']"], [.. WrongLists[..^1], "", "[1]", "[true]", "[' ']", $"[{new string('A', 65)}]"]),
    ];

    private static PolicyKey Time(string path, string least, string most) => Number(KeyKind.Time, path, [least, most], ["0", "-5", "3600000.5", "1e300"]);

    private static PolicyKey Number(KeyKind kind, string path, string[] good, string[] bad) => new(path, kind, good, [.. WrongShapes, .. WrongNumbers, .. bad]);

    private static PolicyKey Flag(string path) => new(path, KeyKind.Flag, ["true", "false", "True"], [.. WrongShapes, "yes", "on", "'true'", "1", "tRUE"]);
}
