using System.Globalization;

namespace ResilientShop.Operations.Healing.Workflow;

/// <summary>
/// How a cause is healed, on whichever engine: look, respond, try again, verify; a person when that does not help. It takes time and randomness from nobody and awaits nothing but
/// the driver, so a Temporal workflow can run it as it is.
/// </summary>
internal sealed class HealingScript(IHealingDriver driver, HealingLimits limits)
{
    /// <summary>Looks at a message that waits to be sent again, before it counts as a try that failed.</summary>
    private const int MostLooks = 20;

    private string? _approvedBy;
    private string? _askedBy;
    private string? _abortedBy;
    private int _looks;

    /// <summary>What was found last; null before the first look.</summary>
    public Diagnosis? Diagnosis { get; private set; }

    /// <summary>The try that is under way or was made last; 0 before the first.</summary>
    public int Attempt { get; private set; }

    /// <summary>What it does now: <c>diagnosing</c>, <c>responding</c>, <c>replaying</c>, <c>verifying</c>, <c>pausing</c>, <c>waiting for a person</c>, <c>ended</c>.</summary>
    public string State { get; private set; } = "diagnosing";

    public async Task<HealingEnd> RunAsync()
    {
        while (true)
        {
            while (_abortedBy is null && await HearAsync(TimeSpan.Zero))
            {
                // Whoever says approve and then abort means the latter.
            }

            if (_abortedBy is not null)
            {
                return await EndAsync(HealingEnd.Aborted, $"Aborted by {_abortedBy}.");
            }

            var (isHealed, detail) = await TryAsync();
            if (isHealed is { } outcome)
            {
                return await EndAsync(outcome, detail);
            }

            if (_abortedBy is null && Attempt < limits.MostAttempts && Diagnosis is { CanReplay: true } && detail.Length == 0)
            {
                State = "pausing";
                await HearAsync(limits.FirstPause * Math.Pow(2, Attempt - 1));
                continue;
            }

            if (_abortedBy is null && !await AskAsync(detail))
            {
                return await EndAsync(HealingEnd.GaveUp, "A person was asked.");
            }
        }
    }

    /// <returns>How it ended, if it did; and why no other try of the kind should be made, empty where one may be.</returns>
    private async Task<(string? Outcome, string Detail)> TryAsync()
    {
        var diagnosis = await LookAsync();
        if (!diagnosis.CanReplay && _askedBy is null)
        {
            return (null, diagnosis.Summary);
        }

        var permit = await driver.BeginAttemptAsync(Attempt + 1, _askedBy);
        _askedBy = null;
        if (!permit.IsGiven)
        {
            return (null, permit.Reason!);
        }

        Attempt++;
        diagnosis = await WaitForRecoveryAsync(diagnosis);
        if (_abortedBy is not null)
        {
            return (null, "");
        }

        State = "responding";
        await driver.RespondAsync(Attempt, diagnosis, _approvedBy);
        State = "replaying";
        var replay = await driver.ReplayAsync(Attempt);
        if (!replay.IsSent)
        {
            return (null, replay.IsHopeless ? replay.Detail : "");
        }

        State = "verifying";
        var verification = await driver.VerifyAsync(Attempt);
        for (var looks = 1; verification.State == Verification.Waiting && looks < MostLooks; looks++)
        {
            // It was not tried yet, so this is no failure.
            await HearAsync(limits.RecoveryLook);
            if (_abortedBy is not null)
            {
                return (null, "");
            }

            verification = await driver.VerifyAsync(Attempt);
        }

        return verification.State is Verification.Failed or Verification.Waiting ? (null, "") : (verification.State, verification.Detail);
    }

    private async Task<Diagnosis> LookAsync()
    {
        State = "diagnosing";
        Diagnosis = await driver.DiagnoseAsync(++_looks);
        return Diagnosis;
    }

    /// <summary>A try that is known to fail helps nobody; one that waits too long comes too late.</summary>
    private async Task<Diagnosis> WaitForRecoveryAsync(Diagnosis diagnosis)
    {
        for (var waited = diagnosis.Took; diagnosis.IsAway && waited < limits.RecoveryWait; waited += limits.RecoveryLook + diagnosis.Took)
        {
            State = "pausing";
            if (await HearAsync(limits.RecoveryLook))
            {
                break;
            }

            diagnosis = await LookAsync();
        }

        _askedBy = null;
        return diagnosis;
    }

    /// <returns>Whether a person has said something that lets it go on.</returns>
    private async Task<bool> AskAsync(string reason)
    {
        State = "waiting for a person";
        var escalation = await driver.EscalateAsync(_looks, reason.Length > 0 ? reason : string.Create(CultureInfo.InvariantCulture, $"{Attempt} tries did not help."));
        return escalation.CanStillHeal && await HearAsync(limits.PersonWait);
    }

    /// <returns>Whether something was said.</returns>
    private async Task<bool> HearAsync(TimeSpan time)
    {
        var heard = await driver.WaitAsync(time);
        switch (heard?.Word)
        {
            case HealingWord.Abort:
                _abortedBy = heard.By;
                break;
            case HealingWord.Approve:
                (_approvedBy, _askedBy) = (heard.By, heard.By);
                break;
            case HealingWord.Retry:
                _askedBy = heard.By;
                break;
        }

        return heard is not null;
    }

    private async Task<HealingEnd> EndAsync(string outcome, string detail)
    {
        var end = new HealingEnd(outcome, detail, Attempt);
        await driver.EndAsync(end);
        State = "ended";
        return end;
    }
}
