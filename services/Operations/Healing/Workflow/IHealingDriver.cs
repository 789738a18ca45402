namespace ResilientShop.Operations.Healing.Workflow;

/// <summary>
/// What <see cref="HealingScript"/> needs of an engine: the activities, each with its effect once however often the engine begins anew, and durable waits. The script does nothing
/// but call it, so it is deterministic: the same answers make the same calls.
/// </summary>
internal interface IHealingDriver
{
    /// <summary>Finds out what the matter is now.</summary>
    /// <param name="look">Which look it is, from 1.</param>
    Task<Diagnosis> DiagnoseAsync(int look);

    /// <summary>Asks whether one more try may be made for this cause, and counts it.</summary>
    /// <param name="attempt">Which try, from 1.</param>
    /// <param name="allowedBy">The person who wants it whatever the rules say; null where nobody does.</param>
    Task<AttemptPermit> BeginAttemptAsync(int attempt, string? allowedBy);

    /// <summary>Rolls back what is suspected, alerts, and reports metrics, in parallel.</summary>
    Task RespondAsync(int attempt, Diagnosis diagnosis, string? approvedBy);

    /// <summary>Has what failed tried again.</summary>
    Task<ReplayResult> ReplayAsync(int attempt);

    /// <summary>Waits for what comes of it, and verifies the books.</summary>
    Task<Verification> VerifyAsync(int attempt);

    /// <summary>Asks a person, and undoes what cannot wait for one.</summary>
    /// <param name="look">The look after which it is done.</param>
    /// <param name="reason">Why, for the ticket.</param>
    Task<Escalation> EscalateAsync(int look, string reason);

    /// <summary>Ends it: closes the ticket, or leaves it to whoever was asked.</summary>
    Task EndAsync(HealingEnd end);

    /// <summary>Waits for a person's word.</summary>
    /// <param name="time">How long at most; zero to see what was said meanwhile.</param>
    /// <returns>The first word that nobody has heard; null when the time was over first.</returns>
    Task<HealingWord?> WaitAsync(TimeSpan time);
}
