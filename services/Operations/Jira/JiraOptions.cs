using System.ComponentModel.DataAnnotations;

namespace ResilientShop.Operations.Jira;

/// <summary>Where tickets are mirrored: section <c>Jira</c>. Nowhere without <see cref="Url"/>. Validated at start; secrets are never logged.</summary>
internal sealed class JiraOptions : IValidatableObject
{
    public const string Section = "Jira";

    /// <summary>The site, for example <c>https://example.atlassian.net</c>; null for the built-in board alone.</summary>
    public Uri? Url { get; init; }

    /// <summary>Whose token <see cref="ApiToken"/> is, on Jira Cloud; null for a personal access token.</summary>
    public string? Email { get; init; }

    /// <summary>API token with <see cref="Email"/>, else a personal access token.</summary>
    public string? ApiToken { get; init; }

    /// <summary>Key of the project.</summary>
    public string? Project { get; init; }

    /// <summary>Type of the issues. Default <c>Task</c>.</summary>
    public string IssueType { get; init; } = "Task";

    /// <summary>What our priorities are called there. Where one is not named, it is called as here.</summary>
    public Dictionary<string, string> Priorities { get; init; } = new(StringComparer.Ordinal);

    /// <summary>The status there for each of ours; where one is not named, nothing is moved. Default: In Progress while healing, Done when resolved.</summary>
    public Dictionary<string, string> Statuses { get; init; } = new(StringComparer.Ordinal) { ["healing"] = "In Progress", ["resolved"] = "Done" };

    /// <summary>How often it is looked for what is to be mirrored. Default 1 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:10:00")]
    public TimeSpan Look { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long after a creation of which nobody knows what came it is searched for: the index of the site lags behind. Default 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    public TimeSpan SearchAfter { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long Jira may take for a whole answer, its body included: the tiers end a call when its head is there. Default 15 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:01:00")]
    public TimeSpan AskWithin { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Longest pause after failures. Default 1 min.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "01:00:00")]
    public TimeSpan LongestPause { get; init; } = TimeSpan.FromMinutes(1);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Url is null)
        {
            yield break;
        }

        if (Url is not { IsAbsoluteUri: true, Scheme: "http" or "https" })
        {
            yield return new ValidationResult($"{Section}:{nameof(Url)} is '{Url}'; it must be an http or https URL.");
        }

        if (string.IsNullOrWhiteSpace(ApiToken))
        {
            yield return new ValidationResult($"{Section}:{nameof(ApiToken)} is not there; it must be an API token (with {Section}:{nameof(Email)}) or a personal access token.");
        }

        if (string.IsNullOrWhiteSpace(Project))
        {
            yield return new ValidationResult($"{Section}:{nameof(Project)} is not there; it must be the key of a project, for example SRE.");
        }
    }
}
