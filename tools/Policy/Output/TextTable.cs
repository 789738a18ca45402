using Spectre.Console;
using Spectre.Console.Rendering;

namespace Policy.Output;

/// <summary>A table that wraps within its columns on a terminal, and is one line a row elsewhere.</summary>
internal sealed class TextTable
{
    private readonly Table _table = new Table().Border(TableBorder.None);

    public TextTable(params ReadOnlySpan<string> columns)
    {
        for (var column = 0; column < columns.Length; column++)
        {
            var isLast = column == columns.Length - 1;
            _table.AddColumn(new TableColumn(new Text(columns[column])) { Padding = new Padding(0, 0, isLast ? 0 : 2, 0) });
        }
    }

    public void AddRow(params IEnumerable<string> cells) => _table.AddRow(cells.Select(IRenderable (cell) => new Text(PolicyConsole.Printable(cell))));

    public void Print(PolicyConsole console)
    {
        using var buffer = new StringWriter();
        var terminal = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, Interactive = InteractionSupport.No, Out = new AnsiConsoleOutput(buffer) });
        terminal.Profile.Width = console.Width;
        terminal.Write(_table);
        foreach (var line in buffer.ToString().TrimEnd().Split('\n'))
        {
            console.Out.WriteLine(line.TrimEnd());
        }
    }
}
