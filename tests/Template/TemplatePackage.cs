using System.IO.Compression;
using System.Reflection;
using Template.Tests;

[assembly: AssemblyFixture(typeof(TemplatePackage))]

namespace Template.Tests;

/// <summary>The package, packed from this repository and installed into a hive of its own.</summary>
public sealed class TemplatePackage : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("resilientshop-template-").FullName;

    /// <summary>Name of the compiler server of these tests.</summary>
    public static string CompilerId { get; } = $"resilientshop-template-{Environment.ProcessId}";

    /// <summary>Folder of the repository.</summary>
    public static string Root { get; } = typeof(TemplatePackage).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(attribute => attribute.Key == "RepositoryRoot").Value!;

    /// <summary>The package.</summary>
    public string File => Directory.EnumerateFiles(_folder, "*.nupkg").Single();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        var packed = await Command.RunAsync(_folder, "dotnet", ["pack", Path.Combine(Root, "dotnet-new-template"), "-o", _folder, "-v", "q"], CancellationToken.None);
        packed.ExitCode.ShouldBe(0, packed.Output);
        (await NewAsync(_folder, "install", File)).ExitCode.ShouldBe(0);
    }

    public async ValueTask DisposeAsync()
    {
        await Command.RunAsync(_folder, "pkill", ["-f", $"pipename:{CompilerId}"], CancellationToken.None);
        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>An empty folder.</summary>
    public string NewFolder() => Directory.CreateDirectory(Path.Combine(_folder, Path.GetRandomFileName())).FullName;

    /// <summary>The paths in the package.</summary>
    public IReadOnlyList<string> Entries()
    {
        using var zip = ZipFile.OpenRead(File);
        return [.. zip.Entries.Select(entry => Uri.UnescapeDataString(entry.FullName))];
    }

    /// <summary>The text of one of them.</summary>
    public string Read(string entry)
    {
        using var zip = ZipFile.OpenRead(File);
        using var text = new StreamReader(zip.Entries.Single(candidate => Uri.UnescapeDataString(candidate.FullName) == entry).Open());
        return text.ReadToEnd();
    }

    /// <summary>Runs <c>dotnet new</c> on the hive.</summary>
    internal Task<CommandResult> NewAsync(string folder, params string[] arguments) => NewInAsync(Path.Combine(_folder, "hive"), folder, arguments);

    /// <summary>The same on another hive.</summary>
    internal static Task<CommandResult> NewInAsync(string hive, string folder, params string[] arguments) =>
        Command.RunAsync(folder, "dotnet", ["new", .. arguments, "--debug:custom-hive", hive], Cancel);

    /// <summary>Scaffolds a solution.</summary>
    /// <returns>Its folder.</returns>
    internal async Task<string> ScaffoldAsync(string name, params string[] options)
    {
        var folder = NewFolder();
        var made = await NewAsync(folder, ["resilient-shop", "-n", name, "-o", folder, .. options]);
        made.ExitCode.ShouldBe(0, made.Output);
        return folder;
    }
}
