namespace ResilientShop.Resilience.Policies;

/// <summary>
/// How many requests one request can become at the end of a chain of calls. A callee that is told that its caller is retrying does not retry as well, so that the
/// attempts along a chain add up; where it is not told, they multiply.
/// </summary>
internal sealed class RetriesMultiply : IPolicyRule
{
    /// <summary>As many requests as a chain may make of one without being mentioned.</summary>
    internal const int Unsuspicious = 10;

    /// <inheritdoc/>
    public string Name => "retries-multiply";

    /// <inheritdoc/>
    public IEnumerable<RuleFinding> Check(LintedDocument document)
    {
        var chains = new CallChains(document);
        var calls = document.Edges.Concat(document.Calls.Where(call => call.IsOfRoute)).ToList();
        foreach (var chain in calls.Select(call => chains.StartingWith(call).FirstOrDefault(chain => chain.MultipliesAtOnce)).OfType<CallChain>())
        {
            var untold = chain.Untold!;
            yield return new RuleFinding(
                FindingSeverity.Error,
                chain.Whose,
                untold.Call.Place("propagate"),
                untold.Rest!.FirstRetrying!.Place("l2.max_attempts"),
                $"{chain.Formula} = {chain.Requests:0} requests can come of one, because {untold.Call.Callee} is not told which calls are retries.",
                new PolicyFix().Or(new PolicySetting(untold.Call.OwnPathOf("propagate"), "true")).Or(chain.Call.OneAttempt(chain.Call.OwnPathOf)).ToString());
        }

        var called = document.Edges.Select(edge => edge.Callee).ToHashSet(StringComparer.Ordinal);
        foreach (var edge in calls.Where(call => call.Caller is null || !called.Contains(call.Caller)))
        {
            var worst = chains.StartingWith(edge).Where(chain => !chain.Multiplies && chain.Requests > Unsuspicious).MaxBy(chain => chain.Requests);
            if (worst is not null)
            {
                yield return new RuleFinding(
                    FindingSeverity.Note,
                    worst.Whose,
                    edge.Place("l2.max_attempts"),
                    worst.Last.Place("l2.max_attempts"),
                    $"{worst.Formula} = {worst.Requests:0} requests can come of one.",
                    FewerAttempts(worst).ToString());
            }
        }
    }

    /// <summary>Takes attempts where there are most of them.</summary>
    private static PolicyFix FewerAttempts(CallChain chain)
    {
        var calls = chain.Calls.Select(call => (Call: call, L2: call.Policy.L2.MaxAttempts, L1: call.Policy.L1?.MaxAttempts ?? 1)).ToArray();
        for (var tooMany = (int)chain.Requests - Unsuspicious; tooMany > 0; tooMany--)
        {
            var most = Enumerable.Range(0, calls.Length).MaxBy(index => calls[index].L2 + calls[index].L1);
            calls[most] = calls[most].L2 >= calls[most].L1 ? calls[most] with { L2 = calls[most].L2 - 1 } : calls[most] with { L1 = calls[most].L1 - 1 };
        }

        var settings = new List<PolicySetting>();
        foreach (var (call, l2, l1) in calls)
        {
            settings.AddRange(l2 < call.Policy.L2.MaxAttempts ? [new PolicySetting(call.OwnPathOf("l2.max_attempts"), l2)] : []);
            settings.AddRange(call.Policy.L1 is { } policy && l1 < policy.MaxAttempts ? [new PolicySetting(call.OwnPathOf("l1.max_attempts"), l1)] : []);
        }

        return new PolicyFix().Or(settings);
    }
}
