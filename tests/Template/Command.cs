using System.Diagnostics;
using System.Text;

namespace Template.Tests;

/// <summary>A program that a user starts in a terminal.</summary>
internal static class Command
{
    /// <summary>Runs it to its end. A token that is cancelled kills it with all that it started.</summary>
    public static async Task<CommandResult> RunAsync(string folder, string program, string[] arguments, CancellationToken cancellationToken)
    {
        using var process = Start(folder, program, arguments);
        var output = Collect(process);
        try
        {
            await process.WaitForExitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }

        return new CommandResult(process.ExitCode, output());
    }

    /// <summary>Takes what a program says.</summary>
    /// <returns>Tells what it has said so far.</returns>
    public static Func<string> Collect(Process process)
    {
        var output = new StringBuilder();
        process.OutputDataReceived += Take;
        process.ErrorDataReceived += Take;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return Said;

        void Take(object sender, DataReceivedEventArgs line)
        {
            lock (output)
            {
                output.AppendLine(line.Data);
            }
        }

        string Said()
        {
            lock (output)
            {
                return output.ToString();
            }
        }
    }

    /// <summary>Starts it in a process group of its own, which Ctrl-C in a terminal would end.</summary>
    public static Process Start(string folder, string program, params string[] arguments)
    {
        var start = new ProcessStartInfo("setsid", ["env", "--default-signal=INT", program, .. arguments]) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        (string, string)[] settings =
        [
            // One compiler for all builds of these tests, which ends with them; nothing else of a build stays behind as a process.
            ("MSBUILDDISABLENODEREUSE", "1"), ("SharedCompilationId", TemplatePackage.CompilerId), ("DOTNET_CLI_TELEMETRY_OPTOUT", "1"), ("DOTNET_NOLOGO", "1"), ("NO_COLOR", "1"),
            ("DOTNET_CLI_UI_LANGUAGE", "en"), ("Ports__Gateway", "0"), ("Ports__Operations", "0"), ("Ports__Dashboard", "0"),
        ];
        foreach (var (name, value) in settings)
        {
            start.Environment[name] = value;
        }

        // As on a developer's machine.
        start.Environment.Remove("CI");

        // The settings of the test runner are not those of the solution that is scaffolded.
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("MSBuild", StringComparison.Ordinal) || name.StartsWith("DOTNET_HOST", StringComparison.Ordinal)).ToList())
        {
            start.Environment.Remove(name);
        }

        return Process.Start(start)!;
    }
}

/// <summary>How a program ended.</summary>
/// <param name="ExitCode">Its exit code.</param>
/// <param name="Output">What it said.</param>
internal sealed record CommandResult(int ExitCode, string Output);
