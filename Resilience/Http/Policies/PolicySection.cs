using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Microsoft.Extensions.Configuration;

namespace ResilientShop.Resilience.Http;

/// <summary>Reads the keys of one policy section over a policy. A key that does not exist is an error, and so is a value of the wrong type.</summary>
internal sealed class PolicySection(IConfigurationSection section, PolicyErrors errors)
{
    private readonly HashSet<string> _known = new(StringComparer.OrdinalIgnoreCase);

    public DependencyPolicy Read(DependencyPolicy policy)
    {
        policy = policy with
        {
            Total = Time("total_ms", policy.Total),
            Reserve = Time("reserve_ms", policy.Reserve),
            MinTimeLeft = Time("min_time_left_ms", policy.MinTimeLeft),
            Refusals = Choice("refusals", policy.Refusals),
            MaxBufferedBytes = Count("max_buffered_bytes", policy.MaxBufferedBytes),
            PropagatesContext = Flag("propagate", policy.PropagatesContext),
            L1 = Switchable("l1", policy.L1, (keys, l1) => keys.ReadL1(l1)),
            L2 = Child("l2").ReadL2(policy.L2),
            Breaker = Switchable("breaker", policy.Breaker, (keys, breaker) => keys.ReadBreaker(breaker)),
            RetryBudget = Switchable("retry_budget", policy.RetryBudget, (keys, budget) => keys.ReadBudget(budget)),
            Connections = Child("connections").ReadConnections(policy.Connections),
            RetryOn = Child("retry_on").ReadSignals(policy.RetryOn),
        };
        RefuseUnknown();
        return policy;
    }

    private L1Policy ReadL1(L1Policy l1) => Checked(l1 with
    {
        AttemptTimeout = Time("attempt_timeout_ms", l1.AttemptTimeout),
        MaxAttempts = Count("max_attempts", l1.MaxAttempts),
        Window = Time("window_ms", l1.Window),
        Backoff = ReadBackoff(l1.Backoff),
    });

    private L2Policy ReadL2(L2Policy l2) => Checked(l2 with
    {
        AttemptTimeout = Time("attempt_timeout_ms", l2.AttemptTimeout),
        MaxAttempts = Count("max_attempts", l2.MaxAttempts),
        Backoff = ReadBackoff(l2.Backoff),
    });

    private BackoffPolicy ReadBackoff(BackoffPolicy backoff) => backoff with
    {
        Kind = Choice("backoff", backoff.Kind),
        BaseDelay = Time("base_delay_ms", backoff.BaseDelay),
        MaxDelay = Time("max_delay_ms", backoff.MaxDelay),
        Factor = Number("backoff_factor", backoff.Factor),
        Jitter = Number("jitter", backoff.Jitter),
    };

    private BreakerPolicy ReadBreaker(BreakerPolicy breaker) => Checked(breaker with
    {
        FailureRatio = Number("failure_ratio", breaker.FailureRatio),
        MinimumThroughput = Count("minimum_throughput", breaker.MinimumThroughput),
        Sampling = Time("sampling_ms", breaker.Sampling),
        Break = Time("break_ms", breaker.Break),
        Recovery = Time("recovery_ms", breaker.Recovery),
    });

    private RetryBudgetPolicy ReadBudget(RetryBudgetPolicy budget) => Checked(budget with
    {
        Ratio = Number("ratio", budget.Ratio),
        Floor = Count("floor", budget.Floor),
        Window = Time("window_ms", budget.Window),
    });

    private ConnectionPolicy ReadConnections(ConnectionPolicy connections) => Checked(connections with
    {
        Idle = Time("idle_ms", connections.Idle),
        Lifetime = Time("lifetime_ms", connections.Lifetime),
        MaxPerHost = Count("max_per_host", connections.MaxPerHost),
    });

    private RetrySignals ReadSignals(RetrySignals signals) => Checked(new RetrySignals
    {
        Grpc = List("grpc", signals.Grpc, text => text),
        Http = List("http", signals.Http, text => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var status) ? status : null),
        Codes = List("codes", signals.Codes, text => text),
    });

    private PolicySection Child(string key)
    {
        _known.Add(key);
        return new PolicySection(section.GetSection(key), errors);
    }

    /// <summary>A part that can be switched off with <c>enabled: false</c>, and on by naming it.</summary>
    private T? Switchable<T>(string key, T? current, Func<PolicySection, T, T> read)
        where T : class, new()
    {
        var child = Child(key);
        if (!section.GetSection(key).Exists())
        {
            if (IsNamed(key))
            {
                errors.Add(new PolicyError($"{section.Path}:{key}", "nothing", "must be a section, if only enabled: true or enabled: false"));
            }

            return current;
        }

        var isOn = child.Flag("enabled", true);
        var part = read(child, current ?? new T());
        return isOn ? part : null;
    }

    private T Checked<T>(T part)
    {
        RefuseUnknown();
        return part;
    }

    private TimeSpan Time(string key, TimeSpan current) =>
        Value(key, current, text => Parse(text) is { } ms && Math.Abs(ms) < 1e12 ? TimeSpan.FromMilliseconds(ms) : null, "must be a number of milliseconds");

    private int Count(string key, int current) => Value(
        key, current, text => int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var count) ? count : null, "must be a whole number");

    private double Number(string key, double current) => Value(key, current, Parse, "must be a number");

    private bool Flag(string key, bool current) => Value(key, current, text => bool.TryParse(text, out var flag) ? flag : null, "must be true or false");

    private T Choice<T>(string key, T current)
        where T : struct, Enum => Value(
        key,
        current,
        text => Enum.GetNames<T>().Contains(text, StringComparer.OrdinalIgnoreCase) ? Enum.Parse<T>(text, ignoreCase: true) : null,
        $"must be {string.Join(" or ", Enum.GetNames<T>().Select(name => name.ToLowerInvariant()))}");

    private T Value<T>(string key, T current, Func<string, T?> parse, string expected)
        where T : struct
    {
        _known.Add(key);
        if (section[key] is not { } text)
        {
            if (IsNamed(key))
            {
                errors.Add(new PolicyError($"{section.Path}:{key}", section.GetSection(key).GetChildren().Any() ? "a section" : "nothing", expected));
            }

            return current;
        }

        if (parse(text) is { } value)
        {
            return value;
        }

        errors.Add(new PolicyError($"{section.Path}:{key}", $"'{text}'", expected));
        return current;
    }

    private IReadOnlyList<T> List<T>(string key, IReadOnlyList<T> current, Func<string, object?> parse)
    {
        _known.Add(key);
        var entries = section.GetSection(key).GetChildren().ToList();
        var text = section[key];
        if (text?.Length > 0 || (text is null && entries.Count == 0 && IsNamed(key)))
        {
            errors.Add(new PolicyError($"{section.Path}:{key}", text is null ? "nothing" : $"'{text}'", "must be a list"));
        }

        // An empty text is what configuration makes of an empty list, and an empty list is a choice: nothing of this kind is retried.
        if (entries.Count == 0 && text is not "")
        {
            return current;
        }

        var list = new List<T>(entries.Count);
        foreach (var entry in entries)
        {
            if (int.TryParse(entry.Key, NumberStyles.None, CultureInfo.InvariantCulture, out _) && entry.Value is { } item && parse(item) is T value)
            {
                list.Add(value);
            }
            else
            {
                errors.Add(new PolicyError(entry.Path, $"'{entry.Value}'", $"must be a {(typeof(T) == typeof(int) ? "number" : "name")} in a list"));
            }
        }

        return list;
    }

    /// <summary>Whether a text stands where a section belongs. Configuration in layers gives sections an empty text beside what is in them.</summary>
    internal static bool HasValue(IConfigurationSection? section, [NotNullWhen(true)] out string? text)
    {
        text = section?.Value;
        return text is not null && (text.Length > 0 || !section!.GetChildren().Any());
    }

    // Children are compared because configuration does not tell a key that holds nothing from one that is not there.
    private bool IsNamed(string key) => section.GetChildren().Any(child => string.Equals(child.Key, key, StringComparison.OrdinalIgnoreCase));

    private void RefuseUnknown()
    {
        if (HasValue(section, out var text))
        {
            var hint = _known.Contains("enabled") ? "must be a section; enabled: false in it switches it off" : "must be a section";
            errors.Add(new PolicyError(section.Path, $"'{text}'", hint));
        }

        foreach (var child in section.GetChildren().Where(child => !_known.Contains(child.Key)))
        {
            errors.Add(new PolicyError(child.Path, child.Value is null ? "a section" : $"'{child.Value}'", $"must be one of {string.Join(", ", _known)}"));
        }
    }

    private static double? Parse(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) ? number : null;
}
