using Spectre.Console;

namespace Replay.Reporting;

/// <summary>
/// Where the tool writes: results to <paramref name="Out"/>, progress and usage errors to <paramref name="Error"/>. Bars are drawn only when
/// <paramref name="ErrorIsTerminal"/>.
/// </summary>
internal sealed record ReplayConsole(TextWriter Out, TextWriter Error, bool ErrorIsTerminal)
{
    /// <summary>The process's own streams.</summary>
    public static ReplayConsole OfProcess() => new(Console.Out, Console.Error, !Console.IsErrorRedirected);

    /// <summary>Does <paramref name="work"/> with its progress on show.</summary>
    public async Task ShowProgressAsync(Func<IProgressBoard, Task> work, TimeProvider time)
    {
        if (!ErrorIsTerminal)
        {
            await work(new ProgressLines(TextWriter.Synchronized(Error), time));
            return;
        }

        var terminal = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Error) });
        await terminal.Progress()
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(), new ElapsedTimeColumn())
            .StartAsync(context => work(new ProgressBars(context, terminal)));
    }
}
