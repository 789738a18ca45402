using Microsoft.Extensions.Options;
using ResilientShop.Operations.Healing.Workflow;
using ResilientShop.Resilience.Durable;

namespace ResilientShop.Operations.Healing.Activities;

/// <summary>
/// The activities of a healing, for every engine. Each may be repeated and has its effect once; each leaves a comment in the ticket. A service that does not answer is an answer,
/// only the own database's absence is an exception: the engine repeats the activity then. Thread-safe.
/// </summary>
internal sealed class HealingDeeds(
    HealingTable table, Diagnoser diagnoser, RollBacks rollBacks, HealingAlert alert, Replayer replayer, Verifier verifier, ServiceDoor door, IOptions<HealingOptions> options, TimeProvider time)
{
    private const string Diagnosing = "diagnosing";
    private const string Healing = "healing";
    private const string Resolved = "resolved";
    private const string Escalated = "escalated";

    public async Task<Diagnosis> DiagnoseAsync(Guid letter, CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        var diagnosis = await diagnoser.DiagnoseAsync(letter, cancellationToken);
        diagnosis = diagnosis with { Took = time.GetElapsedTime(began) };
        await table.DiagnosedAsync(letter, diagnosis, cancellationToken);

        // The same diagnosis again is no news.
        await table.CommentAsync(letter, $"diagnosis {diagnosis.Summary}", Diagnosing, $"Diagnosis: {diagnosis.Cause}. {diagnosis.Summary} ({string.Join(' ', diagnosis.Facts)})", author: null, cancellationToken);
        return diagnosis;
    }

    public async Task<AttemptPermit> BeginAttemptAsync(Guid letter, int attempt, string? allowedBy, CancellationToken cancellationToken)
    {
        var (_, fingerprint) = await table.LetterAsync(letter, cancellationToken);
        return await table.BeginAttemptAsync(letter, attempt, fingerprint, options.Value.MostAttempts, options.Value.CountWithin, allowedBy, cancellationToken);
    }

    public async Task<string> RollBackAsync(Guid letter, int attempt, Diagnosis diagnosis, string? approvedBy, CancellationToken cancellationToken)
    {
        var done = await rollBacks.DoAsync(diagnosis.RollBack, approvedBy, cancellationToken);
        if (diagnosis.RollBack is not null)
        {
            await table.CommentAsync(letter, FormattableString.Invariant($"roll-back {attempt}"), status: null, $"Rollback: {done}", author: null, cancellationToken);
        }

        return done;
    }

    public async Task<string> AlertAsync(Guid letter, int attempt, Diagnosis diagnosis, CancellationToken cancellationToken)
    {
        var (said, _) = await table.LetterAsync(letter, cancellationToken);
        var done = await alert.SendAsync(said, attempt, diagnosis, cancellationToken);
        await table.CommentAsync(letter, FormattableString.Invariant($"alert {attempt}"), status: null, FormattableString.Invariant($"Alert of try {attempt}: {done}"), author: null, cancellationToken);
        return done;
    }

    public async Task ReportMetricsAsync(Guid letter, Diagnosis diagnosis, CancellationToken cancellationToken)
    {
        var (said, _) = await table.LetterAsync(letter, cancellationToken);
        HealingMetrics.Attempted(said, diagnosis.Cause);
    }

    public async Task<ReplayResult> ReplayAsync(Guid letter, int attempt, CancellationToken cancellationToken)
    {
        var replay = await replayer.ReplayAsync(letter, attempt, cancellationToken);
        await table.CommentAsync(letter, FormattableString.Invariant($"replay {attempt}"), Healing, FormattableString.Invariant($"Try {attempt}: {replay.Detail}"), author: null, cancellationToken);
        return replay;
    }

    /// <param name="letter">The letter.</param>
    /// <param name="attempt">The try.</param>
    /// <param name="stillHere">Called again and again while it waits.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<Verification> VerifyAsync(Guid letter, int attempt, Action stillHere, CancellationToken cancellationToken)
    {
        var verification = await verifier.VerifyAsync(letter, attempt, stillHere, cancellationToken);
        if (verification.State == Verification.Waiting)
        {
            return verification;
        }

        await table.CommentAsync(
            letter, FormattableString.Invariant($"verification {attempt}"), Healing, FormattableString.Invariant($"Try {attempt}: {verification.State}. {verification.Detail}"), author: null, cancellationToken);
        return verification;
    }

    /// <summary>Asks a person. An order that is held is undone: its customer cannot wait for one.</summary>
    public async Task<Escalation> EscalateAsync(Guid letter, int look, string reason, CancellationToken cancellationToken)
    {
        var (said, _) = await table.LetterAsync(letter, cancellationToken);
        var (canStillHeal, done) = await UndoAsync(said, reason, cancellationToken);
        await table.CommentAsync(
            letter, FormattableString.Invariant($"escalation {look}"), Escalated, $"A person is asked: {reason} {done}".TrimEnd(), author: null, cancellationToken);
        return new Escalation(canStillHeal);
    }

    public async Task EndAsync(Guid letter, HealingEnd end, CancellationToken cancellationToken)
    {
        var (said, _) = await table.LetterAsync(letter, cancellationToken);
        var isResolved = end.Outcome is HealingEnd.Healed or HealingEnd.Settled;
        if (await table.EndAsync(
            letter, end.Outcome, isResolved ? Resolved : Escalated, FormattableString.Invariant($"The healing ended after {end.Attempts} tries: {end.Outcome}. {end.Detail}"), cancellationToken))
        {
            HealingMetrics.End(said, end.Outcome, time.GetUtcNow() - said.Time);
        }
    }

    private async Task<(bool CanStillHeal, string Done)> UndoAsync(DeadLetter letter, string reason, CancellationToken cancellationToken)
    {
        if (letter.Source.SagaId is not { } saga || !door.Knows(letter.ServiceName))
        {
            return (true, $"When the cause is gone, send it again: POST /api/dead-letters/redrive with ids [{letter.Id}].");
        }

        try
        {
            var state = await door.ReadAsync<SagaState>(letter.ServiceName, $"/sagas/{saga}", cancellationToken);
            switch (state?.Status)
            {
                case "held" when await table.IsHealedElsewhereAsync(letter, cancellationToken):
                    return (false, $"Another healing of saga {saga} goes on.");
                case "held":
                    if (await door.ActAsync(letter.ServiceName, saga, "compensate", $"It could not be healed. {reason}", HealingTable.Author, cancellationToken) is { } refused)
                    {
                        return (true, $"Saga {saga} was not undone: {refused}");
                    }

                    return (false, $"Saga {saga} is undone, because nobody can be kept waiting for so long.");
                case "completed" or "compensated":
                    return (false, $"Saga {saga} has ended: {state.Status}.");
                default:
                    return (true, $"Saga {saga} of {letter.ServiceName} is {state?.Status ?? "not there"} and still tried; find out what is in its way, or take the step for done: POST /sagas/{saga}/skip?reason=... on {letter.ServiceName}.");
            }
        }
        catch (ServiceSilentException problem)
        {
            return (true, problem.Message);
        }
    }
}
