namespace ResilientShop.Operations.Healing.Workflow;

/// <summary>What a healing is started with.</summary>
/// <param name="LetterId">The dead letter whose cause is to be healed.</param>
/// <param name="Traceparent">The trace of what failed, which the healing's spans join; null where it had none.</param>
internal sealed record HealingInput(Guid LetterId, string? Traceparent);

/// <summary>What people look for among healings: search attributes on Temporal.</summary>
/// <param name="ServiceName">Who failed.</param>
/// <param name="ErrorCode">Why.</param>
/// <param name="Fingerprint">The cause.</param>
internal sealed record HealingSubject(string ServiceName, string ErrorCode, string Fingerprint);

/// <summary>How much is tried before a person is asked.</summary>
/// <param name="MostAttempts">Tries for one cause.</param>
/// <param name="FirstPause">Between the first try and the second; doubles.</param>
/// <param name="RecoveryWait">How long a try waits at most for a dependency that is known to be away.</param>
/// <param name="RecoveryLook">How often it looks whether the dependency is back.</param>
/// <param name="PersonWait">How long a healing that gave up waits for a person's word.</param>
internal sealed record HealingLimits(int MostAttempts, TimeSpan FirstPause, TimeSpan RecoveryWait, TimeSpan RecoveryLook, TimeSpan PersonWait);

/// <summary>What was found out about a failure.</summary>
/// <param name="Cause">One of <see cref="Causes"/>.</param>
/// <param name="Summary">The same as a sentence.</param>
/// <param name="Facts">What it was concluded from, a sentence each.</param>
/// <param name="CanReplay">Whether trying again can help at all.</param>
/// <param name="IsAway">Whether it is known that a try would fail now, because what it needs is away.</param>
/// <param name="RollBack">What probably broke it and can be taken back; null where nothing is suspected.</param>
internal sealed record Diagnosis(string Cause, string Summary, IReadOnlyList<string> Facts, bool CanReplay, bool IsAway, RollBackPlan? RollBack)
{
    /// <summary>How long it took to find out: a service that does not answer costs its patience.</summary>
    public TimeSpan Took { get; init; }
}

/// <summary>The causes that a diagnosis can name.</summary>
internal static class Causes
{
    /// <summary>Something it needs is away or refuses.</summary>
    public const string Dependency = "dependency";

    /// <summary>A chaos experiment was under way: it was made to fail.</summary>
    public const string Experiment = "experiment";

    /// <summary>A policy or a release that was changed shortly before.</summary>
    public const string Change = "change";

    /// <summary>The message itself: nobody can handle it.</summary>
    public const string Message = "message";

    /// <summary>It failed and nothing says why; it may have passed.</summary>
    public const string Passing = "passing";

    /// <summary>Nobody here knows the service.</summary>
    public const string UnknownService = "unknown-service";
}

/// <summary>A change that can be taken back.</summary>
/// <param name="Kind"><see cref="Release"/> or <see cref="Policy"/>.</param>
/// <param name="Service">The service of the release; null for policies.</param>
/// <param name="Revision">The revision of the policies that is suspected; null for releases.</param>
/// <param name="Before">The revision before it.</param>
/// <param name="NeedsApproval">Whether a person has to approve first.</param>
/// <param name="Reason">Why it is suspected.</param>
internal sealed record RollBackPlan(string Kind, string? Service, long? Revision, long? Before, bool NeedsApproval, string Reason)
{
    /// <summary>The release that is suspected, and no later one of the service.</summary>
    public string? ReleaseId { get; init; }

    public const string Release = "release";
    public const string Policy = "policy";
}

/// <summary>Whether a try may be made.</summary>
/// <param name="IsGiven">Whether it may.</param>
/// <param name="Reason">Why not.</param>
internal sealed record AttemptPermit(bool IsGiven, string? Reason);

/// <summary>What trying again came to.</summary>
/// <param name="IsSent">Whether it is tried again.</param>
/// <param name="IsHopeless">Whether it never will be.</param>
/// <param name="Detail">In a sentence.</param>
internal sealed record ReplayResult(bool IsSent, bool IsHopeless, string Detail);

/// <summary>What became of what failed.</summary>
/// <param name="State">One of <see cref="Healed"/>, <see cref="Settled"/>, <see cref="Failed"/>, <see cref="Waiting"/>.</param>
/// <param name="Detail">In a sentence.</param>
internal sealed record Verification(string State, string Detail)
{
    /// <summary>It is done, and the books are right.</summary>
    public const string Healed = "healed";

    /// <summary>It was undone, whole, and the books are right: there is nothing left to heal.</summary>
    public const string Settled = "settled";

    /// <summary>It failed again, or the books are wrong.</summary>
    public const string Failed = "failed";

    /// <summary>It was not tried yet: its message waits to be sent again behind others.</summary>
    public const string Waiting = "waiting";
}

/// <summary>How a healing gives up.</summary>
/// <param name="CanStillHeal">Whether a person can have it tried again: not where it was undone.</param>
internal sealed record Escalation(bool CanStillHeal);

/// <summary>What a person says to a healing.</summary>
/// <param name="Word">One of <see cref="Approve"/>, <see cref="Retry"/>, <see cref="Abort"/>.</param>
/// <param name="By">Who.</param>
/// <param name="Reason">Why.</param>
internal sealed record HealingWord(string Word, string By, string Reason)
{
    /// <summary>Number of the word on record, by which one that is passed on twice is heard once; 0 where it has none.</summary>
    public long Id { get; init; }

    /// <summary>What the diagnosis proposes may be rolled back.</summary>
    public const string Approve = "approve";

    /// <summary>Try again now, also when the rules would not.</summary>
    public const string Retry = "retry";

    /// <summary>Stop; a person sees to it.</summary>
    public const string Abort = "abort";

    public static bool IsKnown(string word) => word is Approve or Retry or Abort;
}

/// <summary>How a healing ended.</summary>
/// <param name="Outcome">One of <see cref="Healed"/>, <see cref="Settled"/>, <see cref="GaveUp"/>, <see cref="Aborted"/>.</param>
/// <param name="Detail">In a sentence.</param>
/// <param name="Attempts">Tries that were made.</param>
internal sealed record HealingEnd(string Outcome, string Detail, int Attempts)
{
    public const string Healed = Verification.Healed;
    public const string Settled = Verification.Settled;
    public const string GaveUp = "gave-up";
    public const string Aborted = "aborted";
}
