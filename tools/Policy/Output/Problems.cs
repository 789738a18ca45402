namespace Policy.Output;

/// <summary>Errors and contradictions as people read them: what it is and where first, then the numbers, then what to do.</summary>
internal static class Problems
{
    /// <summary>Prints an error: one line.</summary>
    public static void Print(TextWriter output, PolicyError error, Func<Ink, string, string> paint) =>
        output.WriteLine($"{paint(Ink.Red, "error")} {PolicyConsole.Printable(error.ToString())}");

    /// <summary>Prints a contradiction: both places, the arithmetic, the fix.</summary>
    public static void Print(TextWriter output, PolicyFinding finding, Func<Ink, string, string> paint)
    {
        output.WriteLine($"{paint(InkOf(finding.Severity), Name(finding.Severity))} {finding.Rule}: {PolicyConsole.Printable(finding.First)}");
        Line("against: ", finding.Second);
        Line("", finding.Arithmetic);
        Line("fix: ", finding.Fix);

        void Line(string label, string text)
        {
            if (text.Length > 0)
            {
                output.WriteLine($"  {label}{PolicyConsole.Printable(text)}");
            }
        }
    }

    /// <summary>The word for a severity.</summary>
    public static string Name(FindingSeverity severity) => severity switch
    {
        FindingSeverity.Error => "error",
        FindingSeverity.Warning => "warning",
        _ => "note",
    };

    private static Ink InkOf(FindingSeverity severity) => severity switch
    {
        FindingSeverity.Error => Ink.Red,
        FindingSeverity.Warning => Ink.Yellow,
        _ => Ink.Cyan,
    };
}
