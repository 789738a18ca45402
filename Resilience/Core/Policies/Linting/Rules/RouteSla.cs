namespace ResilientShop.Resilience.Policies;

/// <summary>What a route promises against what the gateway gives it, and against what its answer waits for.</summary>
internal sealed class RouteSla : IPolicyRule
{
    private static readonly TimeSpan ShortestSla = TimeSpan.FromMilliseconds(1);

    /// <inheritdoc/>
    public string Name => "route-sla";

    /// <inheritdoc/>
    public IEnumerable<RuleFinding> Check(LintedDocument document) => document.Routes.SelectMany(route => Check(document, route));

    private static IEnumerable<RuleFinding> Check(LintedDocument document, RoutePolicy route)
    {
        if (JudgeGateway(document, route) is { } finding)
        {
            yield return finding;
        }

        var gateway = document.CallOf(route);
        var limits = new List<Limit>
        {
            new(route.Sla, document.Place("routes", route.Name, "sla_ms"), $"routes.{route.Name}.sla_ms", "sla_ms"),
            new(gateway.Policy.Total, gateway.Place("total_ms"), $"routes.{route.Name}.total_ms", $"total_ms of {gateway.Whose}"),
        };
        var caller = route.To;
        var seen = new HashSet<string?> { document.Gateway, caller };
        foreach (var callee in route.WaitsFor.TakeWhile(seen.Add)) // A chain that comes back waits for itself: call-cycle or unknown-name says so.
        {
            var call = document.CallOf(caller, callee);
            if (JudgeWait(route, call, limits) is { } wait)
            {
                yield return wait;
            }

            limits.Add(new Limit(call.Policy.Total, call.Place("total_ms"), call.OwnPathOf("total_ms"), $"total_ms of {call.Whose}"));
            caller = callee;
        }
    }

    private static RuleFinding? JudgeGateway(LintedDocument document, RoutePolicy route)
    {
        var call = document.CallOf(route);
        var policy = call.Policy;
        if (SeverityOf(policy, route.Sla) is not { } severity)
        {
            return null;
        }

        var (key, arithmetic) = Explain(call, route.Sla);
        return new RuleFinding(
            severity,
            $"routes.{route.Name}: {call.Caller ?? "anybody"} -> {call.Callee}",
            document.Place("routes", route.Name, "sla_ms"),
            call.Place(key),
            arithmetic,
            FixGateway(call, route));
    }

    private static FindingSeverity? SeverityOf(DependencyPolicy policy, TimeSpan sla) =>
        policy.Total < sla || policy.MinTimeLeft > sla || IsCutOff(policy, sla) ? FindingSeverity.Error
        : AttemptPlan.Of(policy, sla).Attempts.Count < AttemptPlan.Of(policy, policy.Total).Attempts.Count ? FindingSeverity.Warning
        : null;

    // A single attempt ends with the deadline, which is what an SLA is for; the first of several takes the time of the others.
    private static bool IsCutOff(DependencyPolicy policy, TimeSpan sla) => policy.MostAttempts > 1 && policy.AttemptTimeout > sla;

    private static (string Key, string Arithmetic) Explain(LintedCall call, TimeSpan sla)
    {
        var (policy, promised) = (call.Policy, Milliseconds.Text(sla));
        if (policy.Total < sla)
        {
            return ("total_ms", $"the call is given up after {Milliseconds.Text(policy.Total)} ms, {promised} ms are promised.");
        }

        if (policy.MinTimeLeft > sla)
        {
            return ("min_time_left_ms", $"no attempt starts with less than {Milliseconds.Text(policy.MinTimeLeft)} ms left, sla_ms is {promised}.");
        }

        if (IsCutOff(policy, sla))
        {
            return (call.AttemptKey, $"the first attempt may take {Milliseconds.Text(policy.AttemptTimeout)} ms, sla_ms is {promised}.");
        }

        var (some, all) = (AttemptPlan.Of(policy, sla).Attempts.Count, AttemptPlan.Of(policy, policy.Total));
        return ("l2.max_attempts", $"only {some} of {all.Attempts.Count} attempts can start: {all} + {Milliseconds.Text(policy.Reserve)} reserve, sla_ms is {promised}.");
    }

    private static string FixGateway(LintedCall call, RoutePolicy route)
    {
        string PathOf(string key) => $"routes.{route.Name}.{key}";
        var fix = new PolicyFix();
        var longer = call.Policy with { Total = call.Policy.Total > route.Sla ? call.Policy.Total : route.Sla };
        var single = longer.WithAttempts(1, 1);
        PolicySetting[] total = longer.Total > call.Policy.Total ? [new(PathOf("total_ms"), longer.Total)] : [];
        var fitting = longer.FittingAttempt(route.Sla);
        var alone = Milliseconds.Down(Shorter(single.AttemptTimeout, route.Sla - single.Reserve));

        if (SeverityOf(longer, route.Sla) is null)
        {
            fix.Or(total);
        }
        else if (fitting is { } time && SeverityOf(longer.WithAttempt(time), route.Sla) is null)
        {
            fix.Or([.. total, .. call.Attempt(time, PathOf)]);
        }
        else if (alone > TimeSpan.Zero && SeverityOf(single.WithAttempt(alone), route.Sla) is null)
        {
            fix.Or([.. total, .. call.OneAttempt(PathOf), .. call.Attempt(alone, PathOf)]);
        }

        // The other way round: promise what the calls need, but no more than they are given.
        var promised = Milliseconds.Down(Shorter(call.Policy.Total, Milliseconds.Up(AttemptPlan.Of(call.Policy, call.Policy.Total).Needed)));
        fix.OrIf(promised >= ShortestSla && SeverityOf(call.Policy, promised) is null, new PolicySetting(PathOf("sla_ms"), promised));
        if (!fix.IsKnown)
        {
            var most = Milliseconds.Down(call.Policy.Total);
            fix.Or([.. call.OneAttempt(PathOf), .. call.Attempt(Milliseconds.Down(most - call.Policy.Reserve), PathOf), new(PathOf("sla_ms"), most)]);
        }

        return fix.ToString();
    }

    private static RuleFinding? JudgeWait(RoutePolicy route, LintedCall call, IReadOnlyList<Limit> limits)
    {
        var limit = limits.MinBy(limit => limit.Time)!;
        var (total, reserve) = (call.Policy.Total, call.Policy.Reserve);
        var isError = call.AttemptAtMost > limit.Time;
        if (!isError && total + reserve <= limit.Time)
        {
            return null;
        }

        var arithmetic = isError
            ? $"one attempt takes up to {Milliseconds.Text(call.AttemptAtMost)} ms, {limit.Name} is {Milliseconds.Text(limit.Time)}."
            : $"{Milliseconds.Text(total)} + {Milliseconds.Text(reserve)} reserve = {Milliseconds.Text(total + reserve)} ms, {limit.Name} is {Milliseconds.Text(limit.Time)}: "
                + "late attempts are never made.";
        return new RuleFinding(
            isError ? FindingSeverity.Error : FindingSeverity.Warning,
            $"routes.{route.Name}: {call.Whose}",
            limit.Place,
            call.Place(isError ? call.AttemptKey : "total_ms"),
            arithmetic,
            FixWait(call, limits, limit.Time));
    }

    private static string FixWait(LintedCall call, IReadOnlyList<Limit> limits, TimeSpan has)
    {
        var fix = new PolicyFix();
        if (call.Lower(has - call.Policy.Reserve) is { } lowered)
        {
            fix.Or(lowered);
        }

        var needed = Shorter(Milliseconds.Up(call.Policy.Total + call.Policy.Reserve), Milliseconds.Longest);
        var shorter = needed < call.Policy.Total + call.Policy.Reserve ? call.Lower(needed - call.Policy.Reserve) ?? [] : [];
        return fix.Or([.. limits.Where(limit => limit.Time < needed).Select(limit => new PolicySetting(limit.Path, needed)), .. shorter]).ToString();
    }

    private static TimeSpan Shorter(TimeSpan one, TimeSpan other) => one < other ? one : other;

    /// <summary>What a call has to fit into.</summary>
    private sealed record Limit(TimeSpan Time, string Place, string Path, string Name);
}
