using System.Text.Json;
using System.Text.Json.Serialization;

namespace Policy.Output;

/// <summary>What <c>lint --json</c> prints.</summary>
internal sealed record LintJson(bool Ok, IReadOnlyList<LintedJson> Documents);

/// <summary>What is wrong at one path.</summary>
internal sealed record LintedJson(string Path, int ErrorCount, int WarningCount, int NoteCount, IReadOnlyList<ErrorJson> Errors, IReadOnlyList<FindingJson> Findings);

/// <summary>One wrong key.</summary>
internal sealed record ErrorJson(string? Source, int? Line, string Key, string Value, string Expected);

/// <summary>One contradiction.</summary>
internal sealed record FindingJson(string Rule, string Severity, string First, string Second, string Arithmetic, string Fix);

/// <summary>What <c>history --json</c> prints.</summary>
internal sealed record HistoryJson(string Store, IReadOnlyList<HistoryEntryJson> Entries);

/// <summary>One state; without who and why when it came past the audit.</summary>
internal sealed record HistoryEntryJson(long Revision, DateTimeOffset? At, string? Who, string? Why, IReadOnlyList<string> Scopes);

/// <summary>What <c>status --json</c> prints.</summary>
internal sealed record StatusJson(string Store, long Revision, string Digest, bool Everywhere, IReadOnlyList<InstanceJson> Instances);

/// <summary>What one instance runs.</summary>
internal sealed record InstanceJson(
    string Service, string Instance, long Revision, string Digest, DateTimeOffset Since, string Origin, bool RunsIt, string State, long? RefusedRevision,
    IReadOnlyList<string> RefusedBecause, string? StoreProblem, IReadOnlyList<string> Pinned, IReadOnlyList<string> AfterRestart);

/// <summary>JSON for machines: one document on the output.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, WriteIndented = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(LintJson))]
[JsonSerializable(typeof(HistoryJson))]
[JsonSerializable(typeof(StatusJson))]
internal sealed partial class PolicyJson : JsonSerializerContext;
