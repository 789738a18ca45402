using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Template.Tests;

/// <summary>What a team gets: every option, under odd names, without a trace of ours.</summary>
public sealed partial class ScaffoldTests(TemplatePackage package)
{
    /// <summary>Name, root namespace, options.</summary>
    public static TheoryData<string, string, string> Scaffolds => new()
    {
        { "Acme", "Acme", "" },
        { "my-shop", "my_shop", "--temporal false" },
        { "Acme.Shop", "Acme.Shop", "--services-only" },
        { "9Lives", "_9Lives", "--services-only --temporal false --replay-data false" },
        { "under_score", "under_score", "--orchestrator embedded" },
        { "lowercase", "lowercase", "--orchestrator aspire" },
        { "T", "T", "--replay-data false" },
        { "class", "_class", "--temporal false --replay-data false" },
        { "Acme.event.v2", "Acme._event.v2", "--orchestrator aspire --temporal false" },
        { "A-1.b_2", "A_1.b_2", "--orchestrator embedded --replay-data false" },
    };

    [Theory(Timeout = 120_000)]
    [MemberData(nameof(Scaffolds))]
    public async Task It_has_the_name_everywhere_and_nothing_of_what_was_left_out(string name, string root, string options)
    {
        var given = options.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var folder = await package.ScaffoldAsync(name, given);

        var files = FilesOf(folder);
        foreach (var file in files.Where(file => !file.EndsWith(".csv", StringComparison.Ordinal)))
        {
            var text = await File.ReadAllTextAsync(Path.Combine(folder, file), TestContext.Current.CancellationToken);
            Ours().Matches(text).ShouldBeEmpty($"{file} has our name");
            Conditions().Matches(text).ShouldBeEmpty($"{file} has a condition of the template");
            Seams().Matches(text).ShouldBeEmpty($"{file} shows where something was left out");
        }

        files.ShouldContain($"{name}.slnx");
        files.ShouldNotContain(file => Ours().IsMatch(file));
        files.ShouldNotContain(file => file.StartsWith("benchmarks", StringComparison.Ordinal) || file.StartsWith("dotnet-new-template", StringComparison.Ordinal) || file.StartsWith(".template.config", StringComparison.Ordinal) || file.EndsWith(".sln", StringComparison.Ordinal));
        (await File.ReadAllTextAsync(Path.Combine(folder, "Directory.Build.props"), TestContext.Current.CancellationToken)).ShouldContain($"<RootNamespace>{root}.$(MSBuildProjectName)</RootNamespace>");
        (await File.ReadAllTextAsync(Path.Combine(folder, "services/Contracts/inventory.proto"), TestContext.Current.CancellationToken)).ShouldContain($"package {root.ToLowerInvariant()}.inventory.v1;");

        var has = (Temporal: !options.Contains("--temporal false", StringComparison.Ordinal), Data: !options.Contains("--replay-data false", StringComparison.Ordinal), AppHost: !options.Contains("--services-only", StringComparison.Ordinal));
        var hasEmbedded = has.AppHost && !options.Contains("aspire", StringComparison.Ordinal);
        files.Any(file => file.Contains("Temporal", StringComparison.Ordinal)).ShouldBe(has.Temporal);
        (await UsesAsync(folder, files, "Temporalio", ".cs", ".csproj")).ShouldBe(has.Temporal);
        files.Any(file => file.StartsWith("data/", StringComparison.Ordinal)).ShouldBe(has.Data);
        files.Contains("AppHost/AppHost.cs").ShouldBe(has.AppHost);
        files.Any(file => file.StartsWith("AppHost/Embedded", StringComparison.Ordinal)).ShouldBe(hasEmbedded);
        files.Any(file => file.StartsWith("tests/EndToEnd", StringComparison.Ordinal)).ShouldBe(hasEmbedded);
        SolutionOf(folder, name).ShouldBe(files.Where(file => file.EndsWith(".csproj", StringComparison.Ordinal)), ignoreOrder: true);
        LinksOf(folder, files).ShouldBeEmpty();
        NamedOf(folder, files).ShouldBeEmpty();
    }

    [Fact(Timeout = 120_000)]
    public async Task Ports_are_fresh_and_the_same_everywhere()
    {
        var folder = await package.ScaffoldAsync("Acme");
        var host = await File.ReadAllTextAsync(Path.Combine(folder, "AppHost/AppHost.cs"), TestContext.Current.CancellationToken);
        var gateway = Regex.Match(host, "\"Gateway\", ([0-9]+)").Groups[1].Value;

        gateway.ShouldNotBe("8080");
        (await File.ReadAllTextAsync(Path.Combine(folder, "README.md"), TestContext.Current.CancellationToken)).ShouldContain($"localhost:{gateway}/orders");
        foreach (var file in FilesOf(folder).Where(file => !file.EndsWith(".csv", StringComparison.Ordinal)))
        {
            Regex.IsMatch(await File.ReadAllTextAsync(Path.Combine(folder, file), TestContext.Current.CancellationToken), @"\b(8080|8090|18888)\b").ShouldBeFalse(file);
        }
    }

    [Theory(Timeout = 120_000)]
    [InlineData("Café", "A name has 1 to 50 letters")]
    [InlineData("магазин", "A name has 1 to 50 letters")]
    [InlineData("my shop", "A name has 1 to 50 letters")]
    [InlineData("a..b", "A name has 1 to 50 letters")]
    [InlineData(".hidden", "A name has 1 to 50 letters")]
    [InlineData("System.Shop", "A name has 1 to 50 letters")]
    [InlineData("orders", "A name has 1 to 50 letters")]
    [InlineData("Acme.Order", "A name has 1 to 50 letters")]
    [InlineData("Acme.System.Shop", "A name has 1 to 50 letters")]
    [InlineData("a/b", "Name cannot contain any of the following characters")]
    public async Task A_name_that_cannot_be_is_refused_and_nothing_is_written(string name, string said)
    {
        var folder = package.NewFolder();

        var refused = await package.NewAsync(folder, "resilient-shop", "-n", name, "-o", Path.Combine(folder, "made"));

        refused.ExitCode.ShouldNotBe(0, refused.Output);
        refused.Output.ShouldContain(said);
        Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).ShouldBeEmpty();
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    [Fact(Timeout = 120_000)]
    public async Task A_folder_that_has_something_of_the_kind_is_left_as_it_is()
    {
        var folder = package.NewFolder();
        await File.WriteAllTextAsync(Path.Combine(folder, "README.md"), "mine", TestContext.Current.CancellationToken);

        var refused = await package.NewAsync(folder, "resilient-shop", "-n", "Acme", "-o", folder);

        refused.ExitCode.ShouldNotBe(0);
        refused.Output.ShouldContain("README.md");
        (await File.ReadAllTextAsync(Path.Combine(folder, "README.md"), TestContext.Current.CancellationToken)).ShouldBe("mine");
        Directory.EnumerateFileSystemEntries(folder).Count().ShouldBe(1);
    }

    [Theory(Timeout = 120_000)]
    [InlineData("--orchestrator", "docker", "auto")]
    [InlineData("--temporal", "maybe", "'maybe' is not a valid option")]
    public async Task An_option_that_cannot_be_is_refused(string option, string value, string said)
    {
        var folder = package.NewFolder();

        var refused = await package.NewAsync(folder, "resilient-shop", "-n", "Acme", "-o", Path.Combine(folder, "made"), option, value);

        refused.ExitCode.ShouldNotBe(0);
        refused.Output.ShouldContain(said);
        Directory.EnumerateFileSystemEntries(folder).ShouldBeEmpty();
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    [GeneratedRegex("resilient-?shop(?!-service)(?! -n)", RegexOptions.IgnoreCase)]
    private static partial Regex Ours();

    [GeneratedRegex("(//|<!--)#(if|else|elseif|endif)")]
    private static partial Regex Conditions();

    /// <summary>Two blank lines, or one at the end.</summary>
    [GeneratedRegex("\\n[ \\t]*\\n[ \\t]*\\n|\\n[ \\t]*\\n[ \\t]*$(?!\\n)")]
    private static partial Regex Seams();

    private static List<string> FilesOf(string folder) =>
        [.. Directory.EnumerateFiles(folder, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 }).Select(file => Path.GetRelativePath(folder, file))];

    private static IEnumerable<string> SolutionOf(string folder, string name) =>
        XDocument.Load(Path.Combine(folder, $"{name}.slnx")).Descendants("Project").Select(project => project.Attribute("Path")!.Value);

    private static async Task<bool> UsesAsync(string folder, List<string> files, string text, params string[] extensions)
    {
        foreach (var file in files.Where(file => extensions.Contains(Path.GetExtension(file), StringComparer.Ordinal)))
        {
            if ((await File.ReadAllTextAsync(Path.Combine(folder, file))).Contains(text, StringComparison.Ordinal))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>What commands in documents name of the solution and is not there: its projects, data and pages. Not what stands for a name, nor what comes when it runs.</summary>
    private static IEnumerable<string> NamedOf(string folder, List<string> files) =>
        from file in files
        where file.EndsWith(".md", StringComparison.Ordinal) && !file.Contains("decisions", StringComparison.Ordinal)
        from Match named in Regex.Matches(File.ReadAllText(Path.Combine(folder, file)), @"(?<![\w/.-])(AppHost|data|tests|tools|services|config|Resilience|benchmarks|dotnet-new-template)(/[\w.-]+)*/?(?=[\s`),;:])")
        where !named.Value.EndsWith("NAME", StringComparison.Ordinal) && !named.Value.Contains(".state", StringComparison.Ordinal)
            && (named.Value.Contains('/', StringComparison.Ordinal) || File.ReadAllText(Path.Combine(folder, file))[..named.Index].EndsWith("--project ", StringComparison.Ordinal))
            && !Path.Exists(Path.Combine(folder, named.Value))
        select $"{file}: {named.Value}";

    /// <summary>Links of documents to files that are not there.</summary>
    private static IEnumerable<string> LinksOf(string folder, List<string> files) =>
        from file in files
        where file.EndsWith(".md", StringComparison.Ordinal)
        from Match link in Regex.Matches(File.ReadAllText(Path.Combine(folder, file)), @"\]\((?!https?:|#)([^)#\s]+)")
        where !Path.Exists(Path.Combine(folder, Path.GetDirectoryName(file)!, link.Groups[1].Value))
        select $"{file}: {link.Groups[1].Value}";
}
