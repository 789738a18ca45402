using System.Threading.Channels;

namespace AppHost.Embedded.Runtime;

/// <summary>
/// What the AppHost prints: few lines of its own, and the lines of the resources behind a short coloured prefix. One task writes,
/// so lines never mix and a slow terminal holds nobody up. Colours only on a terminal, and not when <c>NO_COLOR</c> is set.
/// Thread-safe.
/// </summary>
internal sealed class ConsoleOutput : IDisposable
{
    private const string Reset = "\e[0m";
    private const string Dim = "\e[2m";
    private const string Red = "\e[31m";
    private const string Bold = "\e[1m";

    private static readonly string[] Palette = ["\e[36m", "\e[32m", "\e[33m", "\e[35m", "\e[34m", "\e[96m", "\e[92m", "\e[93m", "\e[95m", "\e[94m"];

    private readonly Channel<string> _lines = Channel.CreateBounded<string>(new BoundedChannelOptions(10_000) { FullMode = BoundedChannelFullMode.DropOldest });
    private readonly bool _coloured = !Console.IsOutputRedirected && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));
    private readonly bool _quiet;
    private readonly Task _writing;
    private int _prefixWidth = 12;

    public ConsoleOutput(bool quiet)
    {
        _quiet = quiet;
        _writing = Task.Run(WriteAsync);
    }

    /// <summary>Says what runs and follows the logs of the instances.</summary>
    public void Begin(IReadOnlyList<ResourceInstance> instances)
    {
        _prefixWidth = instances.Max(instance => instance.Name.Length);
        Line($"{Paint(Bold)}ResilientShop{Paint(Reset)}, embedded orchestrator: local processes, no containers. Ctrl-C stops everything.");
        for (var i = 0; i < instances.Count; i++)
        {
            var instance = instances[i];
            var colour = Palette[i % Palette.Length];
            instance.Log.Written += (text, isError) =>
            {
                if (!_quiet)
                {
                    Line($"{Prefix(instance.Name, colour)}{(isError ? Paint(Red) : "")}{text}{Paint(Reset)}");
                }
            };
        }
    }

    /// <summary>A line of the AppHost.</summary>
    public void Line(string text) => _lines.Writer.TryWrite(text);

    /// <summary>A line of the AppHost about a resource.</summary>
    public void Notice(ResourceInstance instance, string text) => Notice(instance.Name, text);

    /// <summary>A line of the AppHost about a resource.</summary>
    public void Notice(string name, string text) => Line($"{Prefix(name, Dim)}{text}");

    /// <summary>Why the AppHost ends.</summary>
    public void Error(string text) => Line($"{Paint(Red)}{text}{Paint(Reset)}");

    /// <summary>Lines of somebody else, set apart; only needed when they were not printed as they came.</summary>
    public void Quote(IReadOnlyList<string> lines)
    {
        if (_quiet)
        {
            foreach (var line in lines)
            {
                Line($"    {Paint(Dim)}{line}{Paint(Reset)}");
            }
        }
    }

    public void Dispose()
    {
        _lines.Writer.TryComplete();
        _writing.Wait(TimeSpan.FromSeconds(2));
    }

    private string Prefix(string name, string colour) => $"{Paint(colour)}{name.PadRight(_prefixWidth)} |{Paint(Reset)} ";

    private string Paint(string code) => _coloured ? code : "";

    private async Task WriteAsync()
    {
        await foreach (var line in _lines.Reader.ReadAllAsync())
        {
            await Console.Out.WriteLineAsync(line);
        }
    }
}
