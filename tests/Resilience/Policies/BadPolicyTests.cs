using CsCheck;

namespace Resilience.Tests.Policies;

/// <summary>Whatever stands in a policy file: it is read, or refused with key, value and what would be right. Nothing else happens.</summary>
public sealed class BadPolicyTests
{
    private static readonly string[] Times =
    [
        "total_ms", "min_time_left_ms", "l1:attempt_timeout_ms", "l1:window_ms", "l1:base_delay_ms", "l1:max_delay_ms", "l2:attempt_timeout_ms", "l2:base_delay_ms",
        "l2:max_delay_ms", "breaker:sampling_ms", "breaker:break_ms", "breaker:recovery_ms", "retry_budget:window_ms", "connections:idle_ms", "connections:lifetime_ms",
    ];

    private static readonly string[] Counts = ["l1:max_attempts", "l2:max_attempts", "breaker:minimum_throughput", "connections:max_per_host"];
    private static readonly string[] Numbers = ["l1:backoff_factor", "l2:backoff_factor", "l2:jitter", "breaker:failure_ratio", "retry_budget:ratio"];
    private static readonly string[] Others = ["refusals", "propagate", "l1:enabled", "l2:backoff"];
    private static readonly string[] Rubbish = ["", " ", "abc", "NaN", "Infinity", "-Infinity", "1e300", "99999999999999", "-5", "0x10", "1,5", "10 ms", "tru", "\u0661"];

    public static TheoryData<string, string> BadValues
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (var key in (string[])[.. Times, .. Counts, .. Numbers, .. Others])
            {
                foreach (var text in Rubbish)
                {
                    data.Add(key, text);
                }
            }

            foreach (var key in (string[])[.. Times, .. Counts])
            {
                data.Add(key, "0");
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(BadValues))]
    public void A_bad_value_is_refused_with_its_key_and_what_would_be_right(string key, string value)
    {
        var errors = ConfiguredPolicies.FromKeys(($"dependencies:payments:{key}", value)).ShouldBeRefused();
        errors.ShouldContain(error => Names(error.Key, key) && Shows(error.Value, value), $"{string.Join('\n', errors)}");
    }

    [Theory]
    [InlineData("""{ "dependencies": { "payments": { "l1": false } } }""", "dependencies:payments:l1", "'False'")]
    [InlineData("""{ "dependencies": { "payments": { "l1": 50 } } }""", "dependencies:payments:l1", "'50'")]
    [InlineData("""{ "dependencies": { "payments": { "l1": null } } }""", "dependencies:payments:l1", "nothing")]
    [InlineData("""{ "dependencies": { "payments": { "l1": {} } } }""", "dependencies:payments:l1", "nothing")]
    [InlineData("""{ "dependencies": { "payments": { "l2": 3 } } }""", "dependencies:payments:l2", "'3'")]
    [InlineData("""{ "dependencies": { "payments": { "breaker": "off" } } }""", "dependencies:payments:breaker", "'off'")]
    [InlineData("""{ "dependencies": { "payments": { "connections": 3 } } }""", "dependencies:payments:connections", "'3'")]
    [InlineData("""{ "dependencies": { "payments": { "retry_on": "503" } } }""", "dependencies:payments:retry_on", "'503'")]
    [InlineData("""{ "dependencies": { "payments": "fast" } }""", "dependencies:payments", "'fast'")]
    [InlineData("""{ "dependencies": { "payments": { "total_ms": null } } }""", "dependencies:payments:total_ms", "nothing")]
    [InlineData("""{ "dependencies": { "payments": { "total_ms": [1, 2] } } }""", "dependencies:payments:total_ms", "a section")]
    [InlineData("""{ "dependencies": { "payments": { "total_ms": { "value": 5 } } } }""", "dependencies:payments:total_ms", "a section")]
    [InlineData("""{ "dependencies": { "payments": { "l2": { "max_attempts": {} } } } }""", "dependencies:payments:l2:max_attempts", "nothing")]
    [InlineData("""{ "dependencies": { "payments": { "total_mss": 5 } } }""", "dependencies:payments:total_mss", "'5'")]
    [InlineData("""{ "dependencies": { "payments": { "l3": { "a": 5 } } } }""", "dependencies:payments:l3", "a section")]
    [InlineData("""{ "dependencies": { "payments": { "l2": { "enabled": false } } } }""", "dependencies:payments:l2:enabled", "'False'")]
    [InlineData("""{ "dependencies": { "payments": { "breaker": { "ratio": 0.5 } } } }""", "dependencies:payments:breaker:ratio", "'0.5'")]
    [InlineData("""{ "dependencies": { "payments": { "retry_on": { "http": 503 } } } }""", "dependencies:payments:retry_on:http", "'503'")]
    [InlineData("""{ "dependencies": { "payments": { "retry_on": { "http": null } } } }""", "dependencies:payments:retry_on:http", "nothing")]
    [InlineData("""{ "dependencies": { "payments": { "retry_on": { "http": ["5xx"] } } } }""", "dependencies:payments:retry_on:http:0", "'5xx'")]
    [InlineData("""{ "dependencies": { "payments": { "retry_on": { "http": [503, [504]] } } } }""", "dependencies:payments:retry_on:http:1", "''")]
    [InlineData("""{ "dependencies": { "payments": { "retry_on": { "http": [404] } } } }""", "payments: retry_on.http", "404")]
    [InlineData("""{ "dependencies": { "payments": { "retry_on": { "codes": { "BUSY": true } } } } }""", "dependencies:payments:retry_on:codes:BUSY", "'True'")]
    [InlineData("""{ "dependencies": { "payments": { "retry_on": { "codes": [null] } } } }""", "dependencies:payments:retry_on:codes:0", "''")]
    [InlineData("""{ "dependencies": { "payments": { "retry_on": { "grpc": ["MAYBE"] } } } }""", "payments: retry_on.grpc", "MAYBE")]
    [InlineData("""{ "dependencies": { "payments": { "l2": { "base_delay_ms": 50, "max_delay_ms": 40 } } } }""", "payments: l2.max_delay_ms", "40 ms")]
    [InlineData("""{ "defaults": { "l2": { "max_attempts": 0 } }, "dependencies": { "payments": { } } }""", "payments: l2.max_attempts", "0")]
    [InlineData("""{ "defaults": 5, "dependencies": { "payments": { } } }""", "defaults", "'5'")]
    public void A_wrong_shape_is_refused_with_its_key_and_what_stands_there(string json, string key, string value)
    {
        var errors = ConfiguredPolicies.FromJson(json).ShouldBeRefused();
        errors.ShouldContain(error => error.Key == key && error.Value == value, $"{string.Join('\n', errors)}");
    }

    [Theory]
    [InlineData("""{ "dependencies": 5 }""", "dependencies")]
    [InlineData("""{ "dependencies": ["payments"] }""", "dependencies:0")]
    [InlineData("""{ "default": { "total_ms": 5 } }""", "default")]
    [InlineData("""{ "total_ms": 5 }""", "total_ms")]
    public void A_wrong_shape_of_the_whole_is_refused_at_the_start(string json, string key) =>
        ConfiguredPolicies.FromJson(json).ShouldBeRefused(dependency: null).ShouldContain(error => error.Key == key);

    [Fact]
    public void Whatever_stands_there_is_read_or_refused()
    {
        var keys = OneOf([.. Times, .. Counts, .. Numbers, .. Others, "l1", "l2", "breaker", "retry_on", "retry_on:http:0", "retry_on:grpc", "l1:max_attempts:x"]);
        var values = Gen.OneOf(Gen.String, Gen.Double.Select(number => FormattableString.Invariant($"{number}")), Gen.Int.Select(number => $"{number}"), OneOf(Rubbish));
        Gen.Select(keys, values).Array[1, 6].Sample(entries =>
        {
            var book = ConfiguredPolicies.FromKeys([.. entries.DistinctBy(entry => entry.Item1).Select(entry => ($"dependencies:payments:{entry.Item1}", (string?)entry.Item2))]);
            try
            {
                book.Check();
            }
            catch (PolicyInvalidException refused)
            {
                refused.Errors.ShouldAllBe(error => error.Key.Length > 0 && error.Expected.StartsWith("must ", StringComparison.Ordinal));
                return;
            }

            book.PolicyOf("payments").Validated();
        });
    }

    private static Gen<string> OneOf(string[] texts) => Gen.Int[0, texts.Length - 1].Select(index => texts[index]);

    private static bool Names(string errorKey, string key) => errorKey == $"dependencies:payments:{key}" || errorKey == $"payments: {key.Replace(':', '.')}";

    private static bool Shows(string shown, string value) =>
        shown == $"'{value}'" || shown.Replace("+", "", StringComparison.Ordinal).Contains(value, StringComparison.OrdinalIgnoreCase);
}
