using System.ComponentModel.DataAnnotations;

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

    /// <summary>The priority of a ticket.</summary>
    public string PriorityOf(string errorCode) => Priorities.GetValueOrDefault(errorCode, HighestPriority);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext) => Priorities
        .Where(priority => !Known.Contains(priority.Value, StringComparer.Ordinal))
        .Select(priority => new ValidationResult($"{Section}:{nameof(Priorities)}:{priority.Key} is '{priority.Value}'; it must be one of {string.Join(", ", Known)}."));
}
