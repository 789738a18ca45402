namespace EndToEnd.Tests.Shop;

/// <summary>A PATH with only a few of this machine's programs, and an empty cache.</summary>
internal sealed class BareMachine : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("bare-machine-").FullName;

    private BareMachine()
    {
    }

    /// <summary>The only folder on PATH.</summary>
    public string Path => System.IO.Path.Combine(_root, "bin");

    /// <summary>A cache folder that does not exist yet.</summary>
    public string EmptyCache => System.IO.Path.Combine(_root, "cache");

    public static BareMachine With(params string[] programs)
    {
        var machine = new BareMachine();
        Directory.CreateDirectory(machine.Path);
        foreach (var program in programs)
        {
            if (Find(program) is { } found)
            {
                File.CreateSymbolicLink(System.IO.Path.Combine(machine.Path, program), found);
            }
        }

        return machine;
    }

    public bool Has(string program) => File.Exists(System.IO.Path.Combine(Path, program));

    public void Dispose() => Directory.Delete(_root, recursive: true);

    private static string? Find(string program) =>
        Environment.GetEnvironmentVariable("PATH")!.Split(':').Select(folder => System.IO.Path.Combine(folder, program)).FirstOrDefault(File.Exists);
}
