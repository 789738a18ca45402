using System.Text.RegularExpressions;
using Tools.Tests.Policy;

namespace Tools.Tests;

/// <summary>Every command of a tool that README and docs show is one that the tool takes.</summary>
public sealed partial class DocumentedCommandsTests
{
    /// <summary>Port 1 is reserved, nobody listens there.</summary>
    private const string Nowhere = "http://127.0.0.1:1";

    public static TheoryData<string, string> Commands => [.. Documents().SelectMany(CommandsOf).Distinct().Select(command => new TheoryDataRow<string, string>(command.Tool, command.Arguments))];

    [Fact]
    public void There_are_some() => Commands.Count.ShouldBeGreaterThan(8);

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task It_is_taken(string tool, string arguments)
    {
        string[] all = [.. Words().Matches(arguments).Select(word => word.Groups["quoted"].Success ? word.Groups["quoted"].Value : word.Value)];
        switch (tool)
        {
            case "Replay":
                var line = new ReplayCommandLine();
                var parsed = line.Root.Parse(all);
                parsed.Errors.Select(error => error.Message).ShouldBeEmpty();
                line.FindContradictions(parsed).ShouldBeEmpty();
                break;
            case "Policy":
                using (var bench = new PolicyBench())
                {
                    var run = await bench.RunAsync(all);

                    // What it says of a command that is none.
                    run.Error.ShouldNotContain("Use --help");
                }

                break;
            default:
                tool.ShouldBe("DeadLetters");
                await using (var error = new StringWriter())
                {
                    var letters = new LetterTool(TextWriter.Null, error, _ => "secret");
                    (await LetterCommandLine.RunAsync([.. all, "--operations", Nowhere], letters, TestContext.Current.CancellationToken)).ShouldBe(4, error.ToString());
                }

                break;
        }
    }

    /// <summary>What stands for something, in capitals, is something here.</summary>
    private static IEnumerable<(string Tool, string Arguments)> CommandsOf(string text) => CommandLines().Matches(text).Select(command => (
        command.Groups["tool"].Value,
        command.Groups["arguments"].Value.Replace("REVISION", "41", StringComparison.Ordinal).Replace("--seed S", "--seed 7", StringComparison.Ordinal).Replace("GATEWAY", Nowhere, StringComparison.Ordinal).Trim()));

    private static IEnumerable<string> Documents()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !(File.Exists(Path.Combine(folder.FullName, "README.md")) && Directory.Exists(Path.Combine(folder.FullName, "docs"))))
        {
            folder = folder.Parent;
        }

        return folder is null ? [] : Directory.EnumerateFiles(Path.Combine(folder.FullName, "docs"), "*.md").Append(Path.Combine(folder.FullName, "README.md")).Select(File.ReadAllText);
    }

    [GeneratedRegex("dotnet run --project tools/(?<tool>[A-Za-z]+) -- (?<arguments>[^`\\n|]+?)(?=`|\\n| {2,}|\\||$)")]
    private static partial Regex CommandLines();

    [GeneratedRegex("\"(?<quoted>[^\"]*)\"|[^\\s\"]+")]
    private static partial Regex Words();
}
