namespace ResilientShop.Template.Tests;

/// <summary>What is in the package, and what is left when it is gone.</summary>
public sealed class PackageTests(TemplatePackage package)
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
}
