namespace Policy.Output;

/// <summary>One line that changes in place on a terminal; elsewhere a line whenever it says something new. Not thread-safe.</summary>
internal sealed class ProgressLine(PolicyConsole console) : IDisposable
{
    private const string ClearLine = "\r\e[2K";

    private string _shown = "";

    /// <summary>Shows this instead.</summary>
    public void Show(string text)
    {
        if (text == _shown)
        {
            return;
        }

        _shown = text;
        if (console.ErrorIsTerminal)
        {
            console.Error.Write(ClearLine + text);
        }
        else
        {
            console.Error.WriteLine(text);
        }
    }

    /// <summary>Takes the line away from a terminal: the result says it again.</summary>
    public void Dispose()
    {
        if (console.ErrorIsTerminal && _shown.Length > 0)
        {
            console.Error.Write(ClearLine);
        }
    }
}
