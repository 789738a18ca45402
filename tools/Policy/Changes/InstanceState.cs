namespace Policy.Changes;

/// <summary>Whether an instance runs what the store holds, and why not.</summary>
internal static class InstanceState
{
    /// <summary>Whether it runs exactly this, whichever number it had when the instance took it.</summary>
    public static bool Runs(this Acknowledgement instance, StoredPolicies wanted) => instance.Digest == wanted.Digest;

    /// <summary>Whether waiting longer changes nothing: it runs this, has refused it, or something later has come.</summary>
    public static bool IsSettled(this Acknowledgement instance, StoredPolicies wanted) =>
        instance.Runs(wanted) || instance.RefusedRevision >= wanted.Revision || instance.Revision > wanted.Revision;

    /// <summary>What to say of it, in a few words and what is behind them.</summary>
    public static string Describe(this Acknowledgement instance, StoredPolicies wanted) => string.Join("; ", Parts(instance, wanted, Why(instance.RefusedBecause)));

    /// <summary>The same without the reasons of a refusal, which are often the same for many and are said apart.</summary>
    public static string DescribeWithoutReasons(this Acknowledgement instance, StoredPolicies wanted) => string.Join("; ", Parts(instance, wanted, why: ""));

    private static IEnumerable<string> Parts(Acknowledgement instance, StoredPolicies wanted, string why)
    {
        if (instance.RefusedRevision is { } refused)
        {
            yield return FormattableString.Invariant($"refused {refused}{why}");
        }
        else if (instance.Runs(wanted))
        {
            yield return "runs it";
        }
        else if (instance.StoreProblem is null)
        {
            yield return instance.Revision > wanted.Revision ? FormattableString.Invariant($"runs the later revision {instance.Revision}") : "not yet";
        }

        if (instance.StoreProblem is { } problem)
        {
            yield return $"store not reachable: {problem}";
        }

        if (instance.Pinned.Count > 0)
        {
            yield return $"pinned by its own configuration: {string.Join(", ", instance.Pinned)}";
        }

        if (instance.AfterRestart.Count > 0)
        {
            yield return $"needs a restart for {string.Join(", ", instance.AfterRestart)}";
        }
    }

    private static string Why(IReadOnlyList<string> reasons) => reasons switch
    {
        [] => ": it does not say why",
        [var only] => $": {only}",
        [var first, ..] => FormattableString.Invariant($": {first} (and {reasons.Count - 1} more)"),
    };
}
