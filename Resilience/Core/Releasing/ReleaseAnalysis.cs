using System.Globalization;

namespace ResilientShop.Resilience;

/// <summary>Where the analysis of a release is. Immutable; times are those of a monotonic clock.</summary>
/// <param name="Step">Step of the policy, from 0.</param>
/// <param name="Since">When the step began.</param>
/// <param name="NextLook">Calls to the canary from which on a pass counts.</param>
public sealed record ReleaseProgress(int Step, TimeSpan Since, long NextLook = 0);

/// <summary>What the gate does.</summary>
public enum ReleaseAction
{
    /// <summary>Goes on as it is.</summary>
    Hold,

    /// <summary>Gives the canary the next share.</summary>
    Advance,

    /// <summary>Gives the canary everything.</summary>
    Promote,

    /// <summary>Takes everything from the canary.</summary>
    RollBack,
}

/// <summary>What the gate decided, and why: the record of it. Immutable.</summary>
/// <param name="Action">What it does.</param>
/// <param name="Progress">Where the analysis is then.</param>
/// <param name="Share">The canary's share then.</param>
/// <param name="Reason">Why, in one sentence.</param>
/// <param name="Judgement">What it was decided on.</param>
public sealed record ReleaseDecision(ReleaseAction Action, ReleaseProgress Progress, double Share, string Reason, ReleaseJudgement Judgement);

/// <summary>
/// Decides by judgements how a release goes on. Pure. Looking often is looking for luck: a pass counts only at looks between which the sample has grown by a quarter, a
/// failure at once.
/// </summary>
public static class ReleaseAnalysis
{
    private const double GrowthBetweenLooks = 1.25;

    /// <summary>Decides.</summary>
    /// <param name="progress">Where the analysis is.</param>
    /// <param name="judgement">What is known of the step.</param>
    /// <param name="policy">The policy in force.</param>
    /// <param name="now">Time of the judgement, on the clock of the progress.</param>
    public static ReleaseDecision Decide(ReleaseProgress progress, ReleaseJudgement judgement, ReleasePolicy policy, TimeSpan now)
    {
        ArgumentNullException.ThrowIfNull(progress);
        ArgumentNullException.ThrowIfNull(judgement);
        ArgumentNullException.ThrowIfNull(policy);
        var step = Math.Min(progress.Step, policy.Steps.Count - 1);
        if (judgement.Verdict == ReleaseVerdict.Fail)
        {
            return new ReleaseDecision(ReleaseAction.RollBack, progress, 0, $"Rolled back: {judgement.Reason}.", judgement);
        }

        var isLook = judgement.Requests >= progress.NextLook;
        var looked = isLook ? progress with { NextLook = (long)Math.Ceiling(judgement.Requests * GrowthBetweenLooks) } : progress;
        if (judgement.Verdict == ReleaseVerdict.Pass && isLook)
        {
            return step + 1 < policy.Steps.Count
                ? new ReleaseDecision(ReleaseAction.Advance, new ReleaseProgress(step + 1, now), policy.Steps[step + 1], $"Advanced to {Percent(policy.Steps[step + 1])}: {judgement.Reason}.", judgement)
                : new ReleaseDecision(ReleaseAction.Promote, looked, 1, $"Promoted: {judgement.Reason}.", judgement);
        }

        if (now - progress.Since >= policy.Patience)
        {
            var waited = string.Create(CultureInfo.InvariantCulture, $"{policy.Patience.TotalMinutes:0.#} min");
            return new ReleaseDecision(ReleaseAction.RollBack, looked, 0, $"Rolled back: there was not enough evidence after {waited}: {judgement.Reason}.", judgement);
        }

        return new ReleaseDecision(ReleaseAction.Hold, looked, policy.Steps[step], $"Held at {Percent(policy.Steps[step])}: {Wanting(judgement)}.", judgement);
    }

    private static string Wanting(ReleaseJudgement judgement) => judgement.Verdict == ReleaseVerdict.Pass ? $"it passes, and waits for a larger sample: {judgement.Reason}" : judgement.Reason;

    private static string Percent(double share) => string.Create(CultureInfo.InvariantCulture, $"{share * 100:0.##} %");
}
