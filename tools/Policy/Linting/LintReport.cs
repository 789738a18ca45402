namespace Policy.Linting;

/// <summary>What is wrong with the policies at one path. Immutable.</summary>
internal sealed record LintReport(string Path, IReadOnlyList<PolicyError> Errors, IReadOnlyList<PolicyFinding> Findings)
{
    /// <summary>Whether it would be refused.</summary>
    public bool IsRefused => ErrorCount > 0;

    /// <summary>Errors, and contradictions that are errors.</summary>
    public int ErrorCount => Errors.Count + Count(FindingSeverity.Error);

    /// <summary>Contradictions that work.</summary>
    public int WarningCount => Count(FindingSeverity.Warning);

    /// <summary>What is worth knowing.</summary>
    public int NoteCount => Count(FindingSeverity.Note);

    /// <summary>The whole in one line.</summary>
    public string Summary => $"{Path}: {Counted(ErrorCount, "error")}, {Counted(WarningCount, "warning")}, {Counted(NoteCount, "note")}";

    /// <summary>Reads and checks a folder or a file.</summary>
    public static LintReport Of(string path, Func<PolicyDocument, IReadOnlyList<PolicyFinding>> lint)
    {
        var files = ScopeFiles.Read(path);
        try
        {
            return new LintReport(path, files.Errors, lint(PolicyDocument.Load(files.Sources)));
        }
        catch (PolicyInvalidException invalid)
        {
            return new LintReport(path, [.. files.Errors, .. invalid.Errors], []);
        }
    }

    private static string Counted(int count, string what) => FormattableString.Invariant($"{count} {what}{(count == 1 ? "" : "s")}");

    private int Count(FindingSeverity severity) => Findings.Count(finding => finding.Severity == severity);
}
