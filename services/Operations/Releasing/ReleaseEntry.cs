using System.Text.Json;
using ResilientShop.Resilience;

namespace ResilientShop.Operations.Releasing;

/// <summary>A decision about a release, as it is kept and shown. Immutable.</summary>
/// <param name="Service">The service.</param>
/// <param name="ReleaseId">Tells one attempt to release from the next.</param>
/// <param name="At">When.</param>
/// <param name="Action">What was done: <c>start</c>, <c>resume</c>, <c>hold</c>, <c>advance</c>, <c>promote</c>, <c>roll-back</c>, <c>give-up</c>.</param>
/// <param name="Share">The canary's share since.</param>
/// <param name="Reason">Why, in one sentence.</param>
/// <param name="By">Who decided: <c>gate</c>, or an operator.</param>
/// <param name="Metrics">Every comparison it was decided on; empty where a person decided.</param>
internal sealed record ReleaseEntry(
    string Service, string ReleaseId, DateTimeOffset At, string Action, double Share, string Reason, string By, IReadOnlyList<ComparisonView> Metrics)
{
    public const string Start = "start";
    public const string Resume = "resume";
    public const string Hold = "hold";
    public const string Advance = "advance";
    public const string Promote = "promote";
    public const string RollBack = "roll-back";
    public const string GiveUp = "give-up";

    /// <summary>Name of the gate, as the one who decided.</summary>
    public const string Gate = "gate";

    /// <summary>Whether a release goes on after it.</summary>
    public bool GoesOn => Action is Start or Resume or Hold or Advance;

    /// <summary>The name of what the gate does.</summary>
    public static string NameOf(ReleaseAction action) => action switch
    {
        ReleaseAction.Advance => Advance,
        ReleaseAction.Promote => Promote,
        ReleaseAction.RollBack => RollBack,
        _ => Hold,
    };
}

/// <summary>A comparison, as it is kept and shown.</summary>
internal sealed record ComparisonView(
    string Name, string Verdict, double? Value, double? Limit, string Unit, long SampleSize, long? Needed, string? Query, string Reason)
{
    public static IReadOnlyList<ComparisonView> Of(ReleaseJudgement? judgement) => [.. judgement?.Metrics.Select(Of) ?? []];

    public static string NameOf(ReleaseVerdict verdict) => verdict switch
    {
        ReleaseVerdict.Pass => "pass",
        ReleaseVerdict.Fail => "fail",
        _ => "not enough evidence",
    };

    private static ComparisonView Of(MetricVerdict metric) => new(
        metric.Name, NameOf(metric.Verdict), metric.Value, metric.Limit, metric.Unit, metric.SampleSize, metric.Needed is 0 or long.MaxValue ? null : metric.Needed, metric.Query, metric.Reason);
}
