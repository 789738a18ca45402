using Spectre.Console;

namespace Replay.Reporting;

/// <summary>Progress for a terminal: a bar a stage.</summary>
internal sealed class ProgressBars(ProgressContext context, IAnsiConsole terminal) : IProgressBoard
{
    /// <inheritdoc />
    public IProgressStage Begin(string title, int total) => new Stage(context.AddTask(Markup.Escape(title), maxValue: Math.Max(1, total)));

    /// <inheritdoc />
    public void Say(string line) => terminal.WriteLine(line);

    private sealed class Stage(ProgressTask task) : IProgressStage
    {
        public void Advance() => task.Increment(1);

        public void Dispose() => task.StopTask();
    }
}
