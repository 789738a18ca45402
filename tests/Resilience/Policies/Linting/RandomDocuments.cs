using CsCheck;
using static System.FormattableString;

namespace Resilience.Tests.Policies;

/// <summary>Documents that are right key by key, and as contradictory as chance makes them.</summary>
internal static class RandomDocuments
{
    private static readonly string[] Names = ["gateway", "orders", "inventory", "payments", "mail", "provider"];

    private static readonly Gen<string> Name = Gen.Int[0, Names.Length - 1].Select(index => Names[index]);

    private static readonly Gen<string> AnyName = Gen.Frequency((9, Name), (1, Gen.Const("inventroy")));

    /// <summary>Not the gateway: it is found by its name, so that a suggestion that speaks of it for the first time would change who calls the routes' targets.</summary>
    private static readonly Gen<string> Target = AnyName.Where(name => name != "gateway");

    private static readonly Gen<double> Time = Gen.OneOf(
        Gen.Int[1, 100].Select(time => (double)time), Gen.Int[100, 5_000].Select(time => (double)time), Gen.Int[1, 3_600_000].Select(time => (double)time), Gen.Int[1, 100_000].Select(time => time / 8.0));

    private static readonly Gen<int> Attempts = Gen.OneOf(Gen.Int[1, 4], Gen.Int[1, 10]);

    private static readonly Gen<string> Backoff =
        from kind in Gen.Int[0, 3]
        from one in Time
        from other in Time
        from jitter in Gen.Int[0, 10]
        select Invariant($"backoff: {((string[])["exponential", "fixed", "proportional", "none"])[kind]}, base_delay_ms: {Math.Min(one, other)}, max_delay_ms: {Math.Max(one, other)}, jitter: {jitter / 10.0}");

    private static readonly Gen<string> L1 = Gen.Frequency(
        (1, Gen.Const("enabled: false")),
        (1, Gen.Const("enabled: true")),
        (3, Gen.Select(Time, Time, Attempts, Backoff, (attempt, more, attempts, backoff) =>
            Invariant($"attempt_timeout_ms: {attempt}, window_ms: {Math.Min(attempt + more, 3_600_000)}, max_attempts: {attempts}, {backoff}"))));

    private static readonly Gen<string> L2 = Gen.OneOf(
        Attempts.Select(attempts => Invariant($"max_attempts: {attempts}")),
        Time.Select(time => Invariant($"attempt_timeout_ms: {time}")),
        Gen.Select(Time, Attempts, Backoff, (time, attempts, backoff) => Invariant($"attempt_timeout_ms: {time}, max_attempts: {attempts}, {backoff}")));

    private static readonly Gen<string> Breaker = Gen.Frequency(
        (1, Gen.Const("enabled: false")), (3, Gen.Select(Time, Time, (one, other) => Invariant($"recovery_ms: {Math.Min(one, other)}, break_ms: {Math.Max(one, other)}"))));

    private static readonly Gen<string?> Total = Maybe(Time.Select(time => Invariant($"total_ms: {Math.Max(time, 40)}")));

    private static readonly Gen<string?> Reserve = Maybe(Gen.Int[0, 25].Select(reserve => Invariant($"reserve_ms: {reserve}, min_time_left_ms: {reserve + 8}")));

    private static readonly Gen<string?> Propagate = Maybe(Gen.Bool.Select(propagates => propagates ? "propagate: true" : "propagate: false"));

    private static readonly Gen<string> OfRoute = Section(Total, Reserve, Propagate, Maybe(Named("l1", L1)), Maybe(Named("l2", L2)));

    private static readonly Gen<string> OfCalls = Section(
        Total,
        Reserve,
        Propagate,
        Maybe(Named("l1", L1)),
        Maybe(Named("l2", L2)),
        Maybe(Named("breaker", Breaker)),
        Maybe(Gen.Bool.Select(isOn => $"retry_budget: {{ enabled: {(isOn ? "true" : "false")} }}")));

    private static readonly Gen<string> Tiers = Section(Maybe(Named("l2", L2)), Maybe(Named("breaker", Breaker.Where(text => !text.Contains("enabled", StringComparison.Ordinal)))));

    private static readonly Gen<string> Service = Section(Maybe(Named("defaults", OfCalls.Select(Inner))), Maybe(Named("dependencies", Map(AnyName, OfCalls).Select(Inner))));

    private static readonly Gen<string> Route =
        from to in Target
        from sla in Time
        from waits in Gen.Frequency((1, Gen.Const(Array.Empty<string>())), (2, Target.Array[0, 3]))
        from calls in Gen.Frequency((1, Gen.Const("{ }")), (1, OfRoute))
        select Invariant($"{{ to: {to}, sla_ms: {Math.Max(sla, 1)}, waits_for: [{string.Join(", ", waits)}]{(Inner(calls).Trim().Length > 0 ? ", " : "")}{Inner(calls)} }}");

    private static readonly Gen<string> Topology = Section(
        Maybe(AnyName.Array[0, 3].Select(names => $"calls: [{string.Join(", ", names)}]")),
        Maybe(AnyName.Array[0, 3].Select(names => $"background: [{string.Join(", ", names)}]")),
        Maybe(Time.Select(time => Invariant($"ready_ms: {time}"))));

    /// <summary>Texts of documents.</summary>
    public static readonly Gen<string> Texts =
        from tiers in Maybe(Tiers)
        from defaults in Maybe(OfCalls)
        from dependencies in Maybe(Map(AnyName, OfCalls))
        from services in Maybe(Map(AnyName, Service))
        from routes in Maybe(Map(Name, Route))
        from topology in Gen.Frequency((1, Maybe(Map(Name, Topology))), (3, Map(Name, Topology).Select(text => (string?)text)))
        select Join([("tiers", tiers), ("defaults", defaults), ("dependencies", dependencies), ("services", services), ("routes", routes), ("topology", topology)]);

    private static string Join((string Key, string? Section)[] parts)
    {
        var said = parts.Where(part => part.Section is not null).ToList();
        return said.Count == 0 ? "{}" : string.Concat(said.Select(part => $"{part.Key}: {part.Section}\n"));
    }

    private static Gen<string?> Maybe(Gen<string> gen) => Gen.Frequency((1, Gen.Const((string?)null)), (1, gen.Select(text => (string?)text)));

    private static Gen<string> Named(string key, Gen<string> inner) => inner.Select(text => $"{key}: {{ {text} }}");

    private static Gen<string> Section(params Gen<string?>[] parts) => parts.Aggregate(
        Gen.Const(""), (all, part) => Gen.Select(all, part, (text, next) => next is null ? text : text.Length == 0 ? next : $"{text}, {next}")).Select(text => $"{{ {text} }}");

    private static Gen<string> Map(Gen<string> names, Gen<string> sections) => Gen.Select(names, sections).Array[0, 5].Select(entries =>
        $"{{ {string.Join(", ", entries.DistinctBy(entry => entry.Item1).Select(entry => $"{entry.Item1}: {entry.Item2}"))} }}");

    private static string Inner(string section) => section[1..^1].Trim();
}
