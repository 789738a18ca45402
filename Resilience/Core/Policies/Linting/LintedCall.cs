namespace ResilientShop.Resilience.Policies;

/// <summary>The calls of somebody to somebody, with the policy that governs them and the places that it comes from. Immutable.</summary>
internal sealed class LintedCall(PolicyLayers layers)
{
    /// <summary>Names it in findings, for example <c>orders -> payments</c>.</summary>
    public required string Whose { get; init; }

    /// <summary>Null where it is anybody.</summary>
    public string? Caller { get; init; }

    public required string Callee { get; init; }

    /// <summary>The section that speaks of these calls and no others.</summary>
    public required string OwnPath { get; init; }

    /// <summary>Somebody waits for the caller's answer meanwhile.</summary>
    public bool IsInRequest { get; init; }

    /// <summary>The caller makes it while nobody waits, for example in a step of a saga.</summary>
    public bool IsInBackground { get; init; }

    /// <summary>The least total with which the policies of routes that inherit from this one are valid.</summary>
    public TimeSpan LeastTotal { get; init; }

    /// <summary>Only those of one route.</summary>
    public bool IsOfRoute { get; init; }

    public DependencyPolicy Policy => layers.Policy;

    /// <summary>The key that holds the time of one attempt.</summary>
    public string AttemptKey => Policy.L1 is null ? "l2.attempt_timeout_ms" : "l1.attempt_timeout_ms";

    /// <summary>Where a key was set last, as file, line and key.</summary>
    public string Place(string key) => layers.SetAt(key) is { } node ? LintedDocument.Place(node) : $"(default) {key}";

    /// <summary>The path to change a key at: where it was set last, and so for all that inherit from there; where nobody set it, only for these calls.</summary>
    public string PathOf(string key) => layers.SetAt(key)?.Path ?? OwnPathOf(key);

    /// <summary>The path to change a key for these calls and no others.</summary>
    public string OwnPathOf(string key) => $"{OwnPath}.{key}";

    /// <summary>What one attempt can use: its own timeout, or what the whole call has.</summary>
    public TimeSpan AttemptAtMost => Policy.AttemptTimeout < Policy.Total - Policy.Reserve ? Policy.AttemptTimeout : Policy.Total - Policy.Reserve;

    /// <summary>The settings that make the time of one attempt at least what is given, for these calls and no others; L1's window and the total follow.</summary>
    public IEnumerable<PolicySetting> AttemptAtLeast(TimeSpan time)
    {
        foreach (var setting in Policy.AttemptTimeout < time ? Attempt(time, OwnPathOf) : [])
        {
            yield return setting;
        }

        if (Policy.Total < time + Policy.Reserve)
        {
            yield return new PolicySetting(OwnPathOf("total_ms"), Milliseconds.Up(time + Policy.Reserve));
        }
    }

    /// <summary>
    /// The settings that change the time of one attempt. A window that is too short for it keeps what it had beyond an attempt. Where others inherit a longer
    /// attempt or, from a route, that L1 is on, the window is said in any case: theirs may be another one.
    /// </summary>
    public IEnumerable<PolicySetting> Attempt(TimeSpan time, Func<string, string> pathOf)
    {
        var path = pathOf(AttemptKey);
        yield return new PolicySetting(path, time);
        if (Policy.L1 is { } l1)
        {
            var isInherited = path.StartsWith("routes.", StringComparison.Ordinal)
                || (time > l1.AttemptTimeout && !path.StartsWith("services.", StringComparison.Ordinal));
            var window = l1.Window < time ? time + (l1.Window - l1.AttemptTimeout) : l1.Window;
            if (isInherited || window != l1.Window)
            {
                yield return new PolicySetting(pathOf("l1.window_ms"), window < Milliseconds.Longest ? window : Milliseconds.Longest);
            }
        }
    }

    /// <summary>The settings that lower the total, and the attempts with it where they fitted before; null where that is no valid policy.</summary>
    public IReadOnlyList<PolicySetting>? Lower(TimeSpan total)
    {
        total = Milliseconds.Down(total);
        var lowered = Policy with { Total = total };
        if (total < LeastTotal || !lowered.IsValid())
        {
            return null;
        }

        var setting = new PolicySetting(OwnPathOf("total_ms"), total);
        return Policy.Fits(Policy.Total) && !lowered.Fits(total) && lowered.FittingAttempt(total) is { } attempt
            ? [setting, .. Attempt(attempt, OwnPathOf)]
            : [setting];
    }

    /// <summary>The settings that leave a single attempt.</summary>
    public IEnumerable<PolicySetting> OneAttempt(Func<string, string> pathOf)
    {
        if (Policy.L2.MaxAttempts > 1)
        {
            yield return new PolicySetting(pathOf("l2.max_attempts"), 1);
        }

        if (Policy.L1 is { MaxAttempts: > 1 })
        {
            yield return new PolicySetting(pathOf("l1.max_attempts"), 1);
        }
    }
}
