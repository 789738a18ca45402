namespace Policy.Output;

/// <summary>
/// Where the tool reads and writes: results to <paramref name="Out"/>, progress, findings against a change and errors to <paramref name="Error"/>.
/// </summary>
/// <param name="Out">Results as text.</param>
/// <param name="Error">What is no result.</param>
/// <param name="OpenOut">Results as bytes.</param>
/// <param name="OpenIn">The input, for <c>-</c>.</param>
internal sealed record PolicyConsole(TextWriter Out, TextWriter Error, Func<Stream> OpenOut, Func<Stream> OpenIn)
{
    // Wide enough that no cell of a table is ever broken in a pipe or a file.
    private const int Unbroken = 4096;

    /// <summary>Whether people see the results as they come.</summary>
    public bool OutIsTerminal { get; init; }

    /// <summary>Whether people see the progress as it comes.</summary>
    public bool ErrorIsTerminal { get; init; }

    /// <summary>Whether colours are wanted on terminals, see https://no-color.org.</summary>
    public bool HasColours { get; init; } = true;

    /// <summary>Columns of the terminal that results go to.</summary>
    public int Width { get; init; } = Unbroken;

    /// <summary>The process's own streams.</summary>
    public static PolicyConsole OfProcess() => new(Console.Out, Console.Error, Console.OpenStandardOutput, Console.OpenStandardInput)
    {
        OutIsTerminal = !Console.IsOutputRedirected,
        ErrorIsTerminal = !Console.IsErrorRedirected,
        HasColours = string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR")),
        Width = Console.IsOutputRedirected || Console.WindowWidth <= 0 ? Unbroken : Console.WindowWidth,
    };

    /// <summary>Tells people what they can do next; scripts know.</summary>
    public void Hint(string text)
    {
        if (ErrorIsTerminal)
        {
            Error.WriteLine(Ink.Grey.On(text, HasColours));
        }
    }

    /// <summary>A text for results in a colour, where there are colours.</summary>
    public string Paint(Ink ink, string text) => ink.On(text, OutIsTerminal && HasColours);

    /// <summary>A text for errors in a colour, where there are colours.</summary>
    public string PaintError(Ink ink, string text) => ink.On(text, ErrorIsTerminal && HasColours);

    /// <summary>Texts of a store come from anybody; control characters would move a terminal's cursor.</summary>
    public static string Printable(string text) =>
        text.Any(IsHarmful) ? string.Concat(text.Select(character => IsHarmful(character) ? '?' : character)) : text;

    private static bool IsHarmful(char character) => char.IsControl(character) && character != '\t';
}
