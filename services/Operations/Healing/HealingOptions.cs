using System.ComponentModel.DataAnnotations;
using ResilientShop.Operations.Healing.Workflow;

namespace ResilientShop.Operations.Healing;

/// <summary>How dead letters become tickets: section <c>Healing</c>. Validated at start.</summary>
internal sealed class HealingOptions : IValidatableObject
{
    public const string Section = "Healing";

    /// <summary>The priority of a ticket whose error code is not in <see cref="Priorities"/>.</summary>
    public const string HighestPriority = "P1";

    private static readonly string[] Known = [HighestPriority, "P2", "P3", "P4", "P5"];

    /// <summary>The priorities of error codes that are not <see cref="HighestPriority"/>.</summary>
    public Dictionary<string, string> Priorities { get; init; } = new(StringComparer.Ordinal);

    /// <summary>The labels of every ticket.</summary>
    public IReadOnlyList<string> Labels { get; init; } = ["auto-heal", "temporal"];

    /// <summary>Whether causes are healed without a person. Where not, letters become tickets and wait. Default true.</summary>
    public bool Automatic { get; init; } = true;

    /// <summary>Tries for one cause, before a person is asked. Default 3.</summary>
    [Range(1, 100)]
    public int MostAttempts { get; init; } = 3;

    /// <summary>Tries that are older count no more: a cause that comes back later is a new one. Default a day.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "365.00:00:00")]
    public TimeSpan CountWithin { get; init; } = TimeSpan.FromDays(1);

    /// <summary>Between the first try and the second; doubles. Default 2 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:01:00")]
    public TimeSpan FirstPause { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long a try waits at most for a dependency that is known to be away; less than an order is held. Default 15 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:02:00")]
    public TimeSpan RecoveryWait { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How often a try looks whether the dependency is back. Default 2.5 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:01:00")]
    public TimeSpan RecoveryLook { get; init; } = TimeSpan.FromSeconds(2.5);

    /// <summary>How long a healing that gave up waits for a person's word. Default 5 min.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:08:00")]
    public TimeSpan PersonWait { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long a service may take for a whole answer, its body included: the tiers end a call when its head is there. Default 6 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:00:08")]
    public TimeSpan AskWithin { get; init; } = TimeSpan.FromSeconds(6);

    /// <summary>How long the webhook may take; the order that is being healed waits for it. Default 2 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:00:05")]
    public TimeSpan AlertWithin { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long a try is waited for. Default 8 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:00:40")]
    public TimeSpan VerifyWithin { get; init; } = TimeSpan.FromSeconds(8);

    /// <summary>A message of a group whose inbox is here counts as handled when no letter came back for so long. Default 1.5 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:30")]
    public TimeSpan QuietAfterHandled { get; init; } = TimeSpan.FromSeconds(1.5);

    /// <summary>The same of any other group, counted from when it was sent. Default 5 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:30")]
    public TimeSpan QuietAfterSent { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>A change is suspected from so many letters of a kind on, with none in the 15 min before it. Default 3.</summary>
    [Range(1, 1000)]
    public int SuspectAfterLetters { get; init; } = 3;

    /// <summary>What is rolled back only when a person approves: <c>policy</c>, <c>release</c>. Default: policies, which hold for all that is well, too.</summary>
    public IReadOnlyList<string>? ApprovalFor { get; init; }

    /// <summary>
    /// How long a resolved ticket is kept, with its letters and what was done for them: at least <see cref="CountWithin"/>, because tries are counted from there. Default null: for ever.
    /// </summary>
    [Range(typeof(TimeSpan), "01:00:00", "36500.00:00:00")]
    public TimeSpan? KeepResolved { get; init; }

    /// <summary>Where people on call are told of every try, by a POST of JSON; null for nobody. It may hold a secret and is never logged.</summary>
    public Uri? Webhook { get; init; }

    /// <summary>How much is tried.</summary>
    public HealingLimits Limits => new(MostAttempts, FirstPause, RecoveryWait, RecoveryLook, PersonWait);

    /// <summary>Whether a person has to approve a rollback of a kind.</summary>
    public bool NeedsApproval(string kind) => (ApprovalFor ?? [RollBackPlan.Policy]).Contains(kind, StringComparer.Ordinal);

    /// <summary>The priority of a ticket.</summary>
    public string PriorityOf(string errorCode) => Priorities.GetValueOrDefault(errorCode, HighestPriority);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext) =>
    [
        .. Priorities.Where(priority => !Known.Contains(priority.Value, StringComparer.Ordinal))
            .Select(priority => new ValidationResult($"{Section}:{nameof(Priorities)}:{priority.Key} is '{priority.Value}'; it must be one of {string.Join(", ", Known)}.")),
        .. (ApprovalFor ?? []).Where(kind => kind is not (RollBackPlan.Policy or RollBackPlan.Release))
            .Select(kind => new ValidationResult($"{Section}:{nameof(ApprovalFor)} has '{kind}'; it must be {RollBackPlan.Policy} or {RollBackPlan.Release}.")),
        .. KeepResolved is { } kept && kept < CountWithin
            ? [new ValidationResult($"{Section}:{nameof(KeepResolved)} is {kept}; it must be at least {nameof(CountWithin)}, {CountWithin}: tries of a cause are counted in what is kept.")]
            : Array.Empty<ValidationResult>(),
        .. Webhook is null or { IsAbsoluteUri: true, Scheme: "http" or "https" } ? Array.Empty<ValidationResult>() : [new ValidationResult($"{Section}:{nameof(Webhook)} must be an http or https URL.")],
    ];
}
