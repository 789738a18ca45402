using System.Text.RegularExpressions;

namespace Template.Tests;

/// <summary>
/// Every command that README and docs show is run by some test: those of benchmarks and templates here, those of the tools in the tests of the tools, requests and what kills a process on a running shop, etcdctl's
/// values on a real etcd. A command of another kind fails here until a test runs it.
/// </summary>
public sealed partial class DocumentedCommandsTests(TemplatePackage package)
{
    private static readonly string[] RunElsewhere =
    [
        // tests/Tools: each is parsed by its tool.
        @"dotnet run --project tools/(Replay|Policy|DeadLetters) -- .+",
        @"echo '[^']+' \| dotnet run --project tools/Policy -- set .+",
        "export ConnectionStrings__etcd=.+",

        // tests/EndToEnd: they are started, sent, looked for and put into its etcd.
        @"dotnet run( --project AppHost( --no-build)?( -p:Orchestrator=embedded)?)?",
        "curl .+",
        "pkill -9 -f ('[^']+'|[^' ]+)",
        "etcdctl put \\S+ '[^']+'",

        // tests/Services: the rules that are shipped.
        "promtool test rules",

        // The build server runs the first, which contains the second.
        "dotnet test --max-parallel-test-modules 1",
        "dotnet test --project tests/Template",

        // Programs of others that no test has.
        "aspire publish -o deploy",
        "temporal server start-dev",
        "cd Acme.Shop",
    ];

    public static TheoryData<string, string> Commands => [.. Documents().SelectMany(CommandsOf).GroupBy(command => command.Command).Select(same => new TheoryDataRow<string, string>(same.First().Document, same.Key))];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public void There_are_some() => Commands.Count.ShouldBeGreaterThan(30);

    [Theory(Timeout = 120_000)]
    [MemberData(nameof(Commands))]
    public async Task It_is_taken(string document, string command)
    {
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
        var words = command.Split(' ');
        switch (words)
        {
            case ["dotnet", "run", "-c", "Release", "--project", "benchmarks", "--", "gate", var gate]:
                (await BenchmarksAsync("gate", "?")).Output.ShouldMatch($@"Use: gate .*\b{gate}\b");
                break;
            case ["dotnet", "run", "-c", "Release", "--project", "benchmarks", "--", "--filter", var filter]:
                (await BenchmarksAsync("--list", "flat", "--filter", filter.Trim('\''))).Output.ShouldContain(filter.Trim('\'', '*'));
                break;
            case ["dotnet", "pack", var project, "-o", var folder]:
                // The fixture packed it so; what was meant by the folder is seen by those that install from it.
                Directory.EnumerateFiles(Path.Combine(TemplatePackage.Root, project), "*.csproj").Count().ShouldBe(1);
                folder.ShouldBe("artifacts");
                break;
            case ["dotnet", "new", "install" or "uninstall", var what]:
                what.ShouldBeOneOf("ResilientShop.Templates", $"artifacts/{Path.GetFileName(package.File)}");
                break;
            case ["dotnet", "new", .. var arguments]:
                var made = await package.NewAsync(package.NewFolder(), [.. arguments, "--dry-run"]);
                made.ExitCode.ShouldBe(0, made.Output);
                made.Output.ShouldContain("Create: ");
                break;
            default:
                RunElsewhere.ShouldContain(kind => Regex.IsMatch(command, $"^{kind}$"), $"{document} shows '{command}', which no test runs");
                break;
        }
    }

    private static Task<CommandResult> BenchmarksAsync(params string[] arguments)
    {
        var framework = new DirectoryInfo(AppContext.BaseDirectory);
        return Command.RunAsync(Path.GetTempPath(), "dotnet", [Path.Combine(TemplatePackage.Root, "benchmarks/bin", framework.Parent!.Name, framework.Name, "ResilientShop.Benchmarks.dll"), .. arguments], Cancel);
    }

    private static IEnumerable<string> Documents() =>
        from folder in (string[])["", "docs", "benchmarks", "dotnet-new-template", "dotnet-new-template/resilient-shop", "Resilience/Core", "Resilience/Http", "Resilience/Etcd", "Resilience/Durable", "Resilience/Testing"]
        from file in Directory.EnumerateFiles(Path.Combine(TemplatePackage.Root, folder), "*.md")
        where Path.GetFileName(file) != "CHANGELOG.md"
        select file;

    /// <summary>Indented lines, and what stands between backticks.</summary>
    private static IEnumerable<(string Document, string Command)> CommandsOf(string file) =>
        from Match line in Shown().Matches(File.ReadAllText(file))
        select (Path.GetRelativePath(TemplatePackage.Root, file), Regex.Replace(line.Groups["command"].Value, " {2,}#.*$", "").Trim());

    [GeneratedRegex("(^ {4,}|`)(?<command>(dotnet (run|test|pack|new|build|publish|tool)\\b|(aspire|curl|docker|echo|etcdctl|export|git|helm|kubectl|npm|npx|pkill|promtool|psql|rpk|temporal server) [^`\\n]|cd )[^`\\n]*)", RegexOptions.Multiline)]
    private static partial Regex Shown();
}
