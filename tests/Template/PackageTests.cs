using System.Text.Json;
using System.Text.RegularExpressions;

namespace Template.Tests;

/// <summary>What is in the package, and what is left when it is gone.</summary>
public sealed partial class PackageTests(TemplatePackage package)
{
    private const long MostBytes = 2 * 1024 * 1024;

    [Fact]
    public void It_is_small_and_holds_what_the_repository_holds_and_nothing_of_its_makers()
    {
        new FileInfo(package.File).Length.ShouldBeLessThan(MostBytes);
        var entries = package.Entries();
        entries.ShouldContain("content/resilient-shop/AppHost/AppHost.cs");
        entries.ShouldContain("content/resilient-shop/.template.config/template.json");
        entries.ShouldContain("content/resilient-shop/.editorconfig");
        entries.ShouldContain("content/resilient-shop/data/online-retail/2010-12-01.csv");
        entries.Where(entry => entry.Split('/') is var parts && (parts.Contains("bin") || parts.Contains("obj") || parts.Contains(".git") || parts.Contains(".ci") || parts.Contains("benchmarks"))).ShouldBeEmpty();
        entries.Where(entry => entry.Contains("tests/Template", StringComparison.Ordinal) || entry.EndsWith("CHANGELOG.md", StringComparison.Ordinal)).ShouldBeEmpty();
        entries.Count(entry => entry.EndsWith("resilient-shop/README.md", StringComparison.Ordinal)).ShouldBe(1);
    }

    /// <summary>What a run, an editor or a person leaves in the folder is nobody else's.</summary>
    [Fact(Timeout = 60_000)]
    public async Task Nothing_is_in_it_that_the_repository_ignores()
    {
        Assert.SkipUnless(Path.Exists(Path.Combine(TemplatePackage.Root, ".git")), "the sources are no clone");
        var known = await Command.RunAsync(TemplatePackage.Root, "git", ["-c", "core.quotePath=false", "-c", $"safe.directory={TemplatePackage.Root.TrimEnd('/')}", "ls-files", "--cached", "--others", "--exclude-standard"], TestContext.Current.CancellationToken);
        Assert.SkipUnless(known.ExitCode == 0, $"git cannot tell what is known here: {known.Output}");
        var files = known.Output.Split('\n').Select(line => line.Trim()).ToHashSet(StringComparer.Ordinal);

        package.Entries().Where(entry => entry.StartsWith("content/", StringComparison.Ordinal)).Select(entry => entry["content/".Length..])
            .Where(entry => !files.Contains(entry.Replace("resilient-shop/", "", StringComparison.Ordinal)) && !files.Contains($"dotnet-new-template/{entry}"))
            .ShouldBeEmpty();
    }

    /// <summary>Scaffolding takes longest for what it changes. Where files have our name as an exception, those are named, and the rest is copied as it is.</summary>
    [Fact]
    public void What_has_nothing_to_change_is_copied_as_it_is()
    {
        using var template = JsonDocument.Parse(package.Read("content/resilient-shop/.template.config/template.json"));
        var sources = template.RootElement.GetProperty("sources").EnumerateArray().ToList();
        var changed = Texts(sources[1], "include").ToList();
        var code = package.Entries().Where(entry => Regex.IsMatch(entry, "^content/resilient-shop/(AppHost|tests|tools)/.*[.]cs$")).ToList();

        ((string[])["AppHost/**/*.cs", "tests/**/*.cs", "tools/**/*.cs"]).ShouldBeSubsetOf(Texts(sources[0], "copyOnly"));
        Texts(sources[0], "exclude").Where(path => path.EndsWith(".cs", StringComparison.Ordinal)).ShouldBe(changed, ignoreOrder: true);
        code.Where(entry => Changing().IsMatch(package.Read(entry))).Select(entry => entry["content/resilient-shop/".Length..]).ShouldBe(changed, ignoreOrder: true);
    }

    [Fact(Timeout = 120_000)]
    public async Task Its_help_tells_every_option_and_uninstalling_leaves_nothing()
    {
        var folder = package.NewFolder();
        var hive = Path.Combine(folder, "hive");
        (await TemplatePackage.NewInAsync(hive, folder, "install", package.File)).ExitCode.ShouldBe(0);
        var help = (await TemplatePackage.NewInAsync(hive, folder, "resilient-shop", "--help")).Output;
        foreach (var option in (string[])["--temporal", "--replay-data", "--orchestrator", "--services-only"])
        {
            help.ShouldContain(option);
        }

        (await TemplatePackage.NewInAsync(hive, folder, "uninstall", "ResilientShop.Templates")).ExitCode.ShouldBe(0);

        (await TemplatePackage.NewInAsync(hive, folder, "resilient-shop", "-n", "Acme")).ExitCode.ShouldNotBe(0);
        Directory.EnumerateFiles(hive, "*.nupkg", SearchOption.AllDirectories).ShouldBeEmpty();
        Directory.EnumerateFileSystemEntries(folder).Select(Path.GetFileName).ShouldBe(["hive"]);
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    /// <summary>Our name, a port, a mark.</summary>
    [GeneratedRegex("resilientshop|8080|8090|18888|//#(if|endif)", RegexOptions.IgnoreCase)]
    private static partial Regex Changing();

    private static IEnumerable<string> Texts(JsonElement source, string property) => source.GetProperty(property).EnumerateArray().Select(text => text.GetString()!);
}
