using System.Globalization;

namespace ResilientShop.Resilience.Policies;

/// <summary>Reads the keys of one section over a policy. A key that does not exist is an error, and so is a value of the wrong type.</summary>
internal sealed class PolicySection(PolicyNode? node, PolicyErrors errors)
{
    private readonly HashSet<string> _known = new(StringComparer.OrdinalIgnoreCase);

    /// <param name="policy">What holds where the section says nothing.</param>
    /// <param name="l1">What L1 starts from where the section switches it on.</param>
    /// <param name="isRoute">Whether only what a single call has of its own may be said: breaker, budget and connections belong to all calls.</param>
    public DependencyPolicy Read(DependencyPolicy policy, L1Policy? l1 = null, bool isRoute = false)
    {
        policy = ReadCall(policy, l1 ?? new L1Policy());
        if (!isRoute)
        {
            policy = policy with
            {
                Breaker = Switchable("breaker", policy.Breaker, new BreakerPolicy(), (keys, breaker) => keys.ReadBreaker(breaker)),
                RetryBudget = Switchable("retry_budget", policy.RetryBudget, new RetryBudgetPolicy(), (keys, budget) => keys.ReadBudget(budget)),
                Connections = Child("connections").ReadConnections(policy.Connections),
            };
        }

        RefuseUnknown();
        return policy;
    }

    private DependencyPolicy ReadCall(DependencyPolicy policy, L1Policy l1) => policy with
    {
        Total = Time("total_ms", policy.Total),
        Reserve = Time("reserve_ms", policy.Reserve),
        MinTimeLeft = Time("min_time_left_ms", policy.MinTimeLeft),
        Refusals = Choice("refusals", policy.Refusals),
        MaxBufferedBytes = Count("max_buffered_bytes", policy.MaxBufferedBytes),
        PropagatesContext = Flag("propagate", policy.PropagatesContext),
        L1 = Switchable("l1", policy.L1, l1, (keys, current) => keys.ReadL1(current)),
        L2 = Child("l2").ReadL2(policy.L2),
        RetryOn = Child("retry_on").ReadSignals(policy.RetryOn),
    };

    /// <summary>Numbers of the tiers for whoever has them on; nothing is switched on or off here.</summary>
    public (DependencyPolicy Policy, L1Policy L1) ReadTiers(DependencyPolicy policy, L1Policy l1)
    {
        l1 = Child("l1").ReadL1(l1);
        policy = policy with
        {
            L2 = Child("l2").ReadL2(policy.L2),
            Breaker = Child("breaker").ReadBreaker(policy.Breaker!),
            RetryBudget = Child("retry_budget").ReadBudget(policy.RetryBudget!),
            Connections = Child("connections").ReadConnections(policy.Connections),
            RetryOn = Child("retry_on").ReadSignals(policy.RetryOn),
        };
        RefuseUnknown();
        return (policy, l1);
    }

    /// <summary>A key that is no part of a policy itself, but of the section around it.</summary>
    public PolicyNode? Take(string key)
    {
        _known.Add(key);
        return node?.Child(key);
    }

    public TimeSpan? OptionalTime(string key)
    {
        var time = Time(key, TimeSpan.MinValue);
        return time == TimeSpan.MinValue ? null : time;
    }

    /// <summary>The names in a list.</summary>
    public IReadOnlyList<string> Names(string key)
    {
        var names = List<string>(key, [], text => PolicyScope.IsName(text) ? text : null);
        return names.Count == names.Distinct().Count() ? names : [.. names.Distinct()];
    }

    public string? OptionalName(string key)
    {
        _known.Add(key);
        if (node?.Child(key) is not { } child)
        {
            return null;
        }

        if (child is { Kind: PolicyNodeKind.Text, Text: { } text } && PolicyScope.IsName(text))
        {
            return text;
        }

        errors.Add(child.Error("must be a name of 1 to 64 letters, digits, '-' and '_'"));
        return null;
    }

    public void RefuseUnknown()
    {
        if (node is null)
        {
            return;
        }

        if (node.Kind != PolicyNodeKind.Section || !string.IsNullOrEmpty(node.Text))
        {
            var hint = _known.Contains("enabled") ? "must be a section; enabled: false in it switches it off" : "must be a section";
            if (node.Kind != PolicyNodeKind.List)
            {
                errors.Add(node.Error(hint));
                return;
            }
        }

        foreach (var (key, child) in node.Children.Where(child => !_known.Contains(child.Key)))
        {
            errors.Add(child.ErrorOf(node.PathOf(key), child.Kind == PolicyNodeKind.Text ? child.Describe() : child.Children.Count > 0 ? "a section" : "nothing", $"must be one of {string.Join(", ", _known)}"));
        }
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
        return new PolicySection(node?.Child(key), errors);
    }

    /// <summary>A part that can be switched off with <c>enabled: false</c>, and on by naming it.</summary>
    private T? Switchable<T>(string key, T? current, T start, Func<PolicySection, T, T> read)
        where T : class
    {
        var child = Child(key);
        if (node?.Child(key) is not { } part)
        {
            return current;
        }

        if (part.Kind == PolicyNodeKind.Nothing || (part.Kind == PolicyNodeKind.Section && part.Children.Count == 0 && string.IsNullOrEmpty(part.Text)))
        {
            errors.Add(part.ErrorOf(part.Path, "nothing", "must be a section, if only enabled: true or enabled: false"));
            return current;
        }

        var isOn = child.Flag("enabled", true);
        var value = read(child, current ?? start);
        return isOn ? value : null;
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
        $"must be {string.Join(" or ", Enum.GetNames<T>().Select(name => name.ToLowerInvariant()))}",
        takesQuoted: true);

    private T Value<T>(string key, T current, Func<string, T?> parse, string expected, bool takesQuoted = false)
        where T : struct
    {
        _known.Add(key);
        if (node?.Child(key) is not { } child)
        {
            return current;
        }

        if (child.Kind != PolicyNodeKind.Text)
        {
            errors.Add(child.ErrorOf(child.Path, child.Children.Count > 0 ? "a section" : "nothing", expected));
            return current;
        }

        if (child.IsQuoted && !takesQuoted)
        {
            errors.Add(child.ErrorOf(child.Path, $"the text \"{PolicyNode.Quote(child.Text!)[1..^1]}\"", $"{expected}, without quotes"));
            return current;
        }

        if (parse(child.Text!) is { } value)
        {
            return value;
        }

        errors.Add(child.Error(expected));
        return current;
    }

    private IReadOnlyList<T> List<T>(string key, IReadOnlyList<T> current, Func<string, object?> parse)
    {
        _known.Add(key);
        if (node?.Child(key) is not { } child)
        {
            return current;
        }

        // An empty plain text is what configuration makes of an empty list, and an empty list is a choice: nothing of this kind is retried.
        if (child.Kind == PolicyNodeKind.Text && child is { Text: "", IsQuoted: false })
        {
            return [];
        }

        if (child.Kind is PolicyNodeKind.Nothing or PolicyNodeKind.Text || !string.IsNullOrEmpty(child.Text))
        {
            errors.Add(child.Error("must be a list"));
            return current;
        }

        var list = new List<T>(child.Children.Count);
        foreach (var (index, entry) in child.Children)
        {
            if (int.TryParse(index, NumberStyles.None, CultureInfo.InvariantCulture, out _) && entry.Kind == PolicyNodeKind.Text && parse(entry.Text!) is T value)
            {
                list.Add(value);
            }
            else
            {
                errors.Add(entry.ErrorOf(entry.Path, $"'{(entry.Kind == PolicyNodeKind.Text ? PolicyNode.Quote(entry.Text!)[1..^1] : "")}'", $"must be a {(typeof(T) == typeof(int) ? "number" : "name")} in a list"));
            }
        }

        return list;
    }

    private static double? Parse(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) ? number : null;
}
