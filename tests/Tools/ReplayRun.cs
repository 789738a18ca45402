using System.Text.Json;

namespace Tools.Tests;

/// <summary>One run of the tool in this process: what it printed and how it ended.</summary>
internal sealed record ReplayRun(int ExitCode, string Out, string Error)
{
    /// <summary>The last line of output.</summary>
    public JsonElement Summary => JsonDocument.Parse(Out.TrimEnd().Split('\n')[^1]).RootElement;

    /// <summary>Names of the rules that were broken, each once.</summary>
    public string[] BrokenRules => [.. Summary.GetProperty("violations").EnumerateArray().Select(violation => violation.GetProperty("rule").GetString()!).Distinct().Order()];

    public static async Task<ReplayRun> OfAsync(CancellationToken cancellationToken, params string[] arguments)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var exitCode = await ReplayCommand.RunAsync(arguments, new ReplayConsole(output, error, ErrorIsTerminal: false), TimeProvider.System, cancellationToken);
        return new ReplayRun(exitCode, output.ToString(), error.ToString());
    }

    public static Task<ReplayRun> OfAsync(params string[] arguments) => OfAsync(TestContext.Current.CancellationToken, arguments);

    public int Number(string name) => Summary.GetProperty(name).GetInt32();
}
