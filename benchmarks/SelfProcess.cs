using System.Diagnostics;

namespace ResilientShop.Benchmarks;

/// <summary>Starts this program once more, as a process that can be killed.</summary>
internal static class SelfProcess
{
    public static Process Start(params string[] arguments) => Start(settings: [], arguments);

    public static Process Start((string Variable, string Value)[] settings, params string[] arguments)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!, [.. Self(), .. arguments]) { RedirectStandardInput = true, RedirectStandardOutput = true };
        foreach (var (variable, value) in settings)
        {
            start.Environment[variable] = value;
        }

        return Process.Start(start)!;
    }

    // As `dotnet Benchmarks.dll`, the assembly is the first argument; as an executable of its own there is none.
    private static string[] Self() => Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? [Environment.GetCommandLineArgs()[0]] : [];
}
