using System.CommandLine;
using System.Text.Json;
using Policy.CommandLine;
using Policy.Linting;
using Policy.Output;

namespace Policy.Commands;

/// <summary>Checks files, without a store.</summary>
internal static class LintCommand
{
    public static Command Create(PolicyTool tool)
    {
        var paths = new Argument<string[]>("PATH") { Description = "a folder of scopes such as config, or one YAML file", Arity = ArgumentArity.OneOrMore };
        var json = CommonOptions.Json();
        var command = new Command("lint", "Checks files before they go anywhere: what is invalid, and what contradicts itself. Exit code 1 on an error.") { paths, json };
        command.SetAction(parsed => Run(tool, parsed.GetRequiredValue(paths), parsed.GetValue(json)));
        return command;
    }

    private static int Run(PolicyTool tool, string[] paths, bool asJson)
    {
        var reports = Array.ConvertAll(paths, path => LintReport.Of(path, tool.Lint));
        if (asJson)
        {
            tool.Console.Out.WriteLine(JsonSerializer.Serialize(JsonOf(reports), PolicyJson.Default.LintJson));
        }
        else
        {
            Array.ForEach(reports, report => Print(tool.Console, report));
        }

        return reports.Any(report => report.IsRefused) ? ExitCode.Refused : ExitCode.Ok;
    }

    private static void Print(PolicyConsole console, LintReport report)
    {
        foreach (var error in report.Errors)
        {
            Problems.Print(console.Out, error, console.Paint);
        }

        foreach (var finding in report.Findings)
        {
            Problems.Print(console.Out, finding, console.Paint);
        }

        console.Out.WriteLine(report.Summary);
    }

    private static LintJson JsonOf(LintReport[] reports) => new(
        !reports.Any(report => report.IsRefused),
        [.. reports.Select(report => new LintedJson(
            report.Path,
            report.ErrorCount,
            report.WarningCount,
            report.NoteCount,
            [.. report.Errors.Select(error => new ErrorJson(error.Source, error.Line > 0 ? error.Line : null, error.Key, error.Value, error.Expected))],
            [.. report.Findings.Select(JsonOf)]))]);

    private static FindingJson JsonOf(PolicyFinding finding) =>
        new(finding.Rule, Problems.Name(finding.Severity), finding.First, finding.Second, finding.Arithmetic, finding.Fix);
}
