namespace ResilientShop.Resilience.Policies;

/// <summary>
/// Finds contradictions in a document that is right key by key, before they bite: attempts that do not fit into their time, callers that give up before what they
/// call, breakers that end before a restart does, retries that multiply along a chain. Pure, thread-safe.
/// </summary>
public static class PolicyLinter
{
    /// <summary>Nobody reads more findings of one rule than these.</summary>
    internal const int MostOfARule = 200;

    private static readonly IPolicyRule[] Rules =
    [
        new AttemptsExceedTotal(),
        new AttemptsExceedWindow(),
        new RouteSla(),
        new CallerGivesUpFirst(),
        new BreakerShorterThanReadiness(),
        new RetriesMultiply(),
        new NoRetryBudget(),
        new LimitNobodyReaches(),
        new UnknownName(),
        new CallCycle(),
    ];

    /// <summary>What is contradictory in <paramref name="document"/>, worst first; of the same document always the same, in the same order.</summary>
    public static IReadOnlyList<PolicyFinding> Lint(PolicyDocument document)
    {
        ArgumentNullException.ThrowIfNull(document);
        return
        [
            .. FindAll(document).GroupBy(found => found.Rule, found => found.Finding).SelectMany(found => Merge(found.Key, found))
                .OrderByDescending(finding => finding.Severity)
                .ThenBy(finding => finding.Rule, StringComparer.Ordinal)
                .ThenBy(finding => finding.First, StringComparer.Ordinal)
                .ThenBy(finding => finding.Second, StringComparer.Ordinal)
                .ThenBy(finding => finding.Arithmetic, StringComparer.Ordinal),
        ];
    }

    /// <summary>Every finding by itself, with its rule.</summary>
    internal static IEnumerable<(string Rule, RuleFinding Finding)> FindAll(PolicyDocument document)
    {
        var linted = new LintedDocument(document);
        return Rules.SelectMany(rule => rule.Check(linted).Take(MostOfARule).Select(finding => (rule.Name, finding)));
    }

    /// <summary>What two places do to all that inherit from both is said once.</summary>
    private static IEnumerable<PolicyFinding> Merge(string rule, IEnumerable<RuleFinding> findings) =>
        from finding in findings
        group finding.Whose by finding with { Whose = "" } into same
        let whose = same.Distinct().Order(StringComparer.Ordinal).ToList()
        let all = whose.Count == 1 ? whose[0] : $"{whose[0]} (and {whose.Count - 1} more: {string.Join(", ", whose.Skip(1).Take(3))}{(whose.Count > 4 ? ", ..." : "")})"
        select new PolicyFinding(rule, same.Key.Severity, same.Key.First, same.Key.Second, $"{all}: {same.Key.Arithmetic}", same.Key.Fix);
}
