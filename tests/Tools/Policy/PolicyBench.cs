using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Time.Testing;
using Tests.Policies;

namespace Tools.Tests.Policy;

/// <summary>A machine with a store to run the tool on in this process.</summary>
internal sealed class PolicyBench : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("policy-tests-");
    private readonly Dictionary<string, string> _environment = new() { ["ConnectionStrings__etcd"] = "http://localhost:2379" };

    public PolicyBench() => Store = new MemoryPolicyStore(Time);

    public SkippingTime Time { get; } = new();

    public MemoryPolicyStore Store { get; }

    /// <summary>The places that were opened.</summary>
    public List<string> Opened { get; } = [];

    /// <summary>What the linter finds.</summary>
    public Func<PolicyDocument, IReadOnlyList<PolicyFinding>> Lint { get; set; } = _ => [];

    /// <summary>What stands in the input.</summary>
    public string Input { get; set; } = "";

    public bool IsTerminal { get; set; }

    public string Folder => _folder.FullName;

    public void SetVariable(string name, string? value) => _environment[name] = value ?? "";

    /// <summary>Writes a file below the bench's folder; its path.</summary>
    public string File(string name, string text)
    {
        var path = Path.Combine(Folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        System.IO.File.WriteAllText(path, text);
        return path;
    }

    public Task<PolicyRun> RunAsync(params string[] arguments) => RunAsync(TestContext.Current.CancellationToken, arguments);

    public async Task<PolicyRun> RunAsync(CancellationToken cancellationToken, params string[] arguments)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        using var bytes = new MemoryStream();
        using var input = new MemoryStream(Encoding.UTF8.GetBytes(Input));
        var console = new PolicyConsole(output, error, () => bytes, () => input) { OutIsTerminal = IsTerminal, ErrorIsTerminal = IsTerminal };
        var tool = new PolicyTool(console, Time, _environment.GetValueOrDefault, Open) { Lint = Lint, Folder = Folder };
        var exitCode = await PolicyCommandLine.RunAsync(arguments, tool, cancellationToken);
        return new PolicyRun(exitCode, output.ToString(), error.ToString(), bytes.ToArray());
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private MemoryPolicyStore Open(string place)
    {
        Opened.Add(place);
        return Store;
    }
}

/// <summary>One run of the tool: what it printed and how it ended.</summary>
internal sealed record PolicyRun(int ExitCode, string Out, string Error, byte[] Bytes)
{
    public string[] Lines => Out.TrimEnd().Split('\n');

    public string LastLine => Lines[^1];

    public JsonElement Json => JsonDocument.Parse(Out).RootElement;
}

/// <summary>A clock that is at any time that is waited for, so that no test waits.</summary>
internal sealed class SkippingTime : FakeTimeProvider
{
    public SkippingTime()
        : base(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero)) =>
        SetLocalTimeZone(TimeZoneInfo.CreateCustomTimeZone("test", TimeSpan.FromHours(2), null, null));

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = base.CreateTimer(callback, state, dueTime, period);
        if (dueTime > TimeSpan.Zero)
        {
            ThreadPool.QueueUserWorkItem(_ => Advance(dueTime));
        }

        return timer;
    }
}
