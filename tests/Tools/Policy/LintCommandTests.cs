namespace Tools.Tests.Policy;

public sealed class LintCommandTests : IDisposable
{
    private readonly PolicyBench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Fact]
    public async Task A_folder_that_is_right_says_so_and_needs_no_store()
    {
        _bench.File("config/resilience.yaml", "defaults: { total_ms: 2000 }\n");
        _bench.File("config/defaults.yml", "l1: { max_attempts: 2 }\n");
        _bench.File("config/tiers.yaml", "l1: { max_attempts: 2 }\n");
        _bench.File("config/topology.yaml", "orders: { calls: [inventory] }\n");
        _bench.File("config/dependencies/inventory.yaml", "total_ms: 900\n");
        _bench.File("config/services/orders.yaml", "defaults: { total_ms: 900 }\n");
        var config = Path.GetDirectoryName(_bench.File("config/routes/order.yaml", "to: orders\nsla_ms: 1500\n"))!;

        var run = await _bench.RunAsync("lint", Path.GetDirectoryName(config)!);

        run.ShouldSatisfyAllConditions(
            () => run.Out.TrimEnd().ShouldBe($"{Path.GetDirectoryName(config)}: 0 errors, 0 warnings, 0 notes"),
            () => run.ExitCode.ShouldBe(0),
            () => _bench.Opened.ShouldBeEmpty());
    }

    [Fact]
    public async Task Every_error_is_told_with_file_line_key_value_and_what_is_right()
    {
        var first = _bench.File("config/defaults.yaml", "l1:\n  max_attempts: 0\n");
        var second = _bench.File("config/dependencies/inventory.yaml", "total_ms: soon\n");

        var run = await _bench.RunAsync("lint", Path.Combine(_bench.Folder, "config"));

        run.ExitCode.ShouldBe(1);
        run.Out.ShouldContain($"error {first}:2: ");
        run.Out.ShouldContain("max_attempts is 0; it must be from 1 to");
        run.Out.ShouldContain($"error {second}:1: ");
        run.LastLine.ShouldContain(" errors, 0 warnings, 0 notes");
    }

    [Fact]
    public async Task A_top_level_file_that_is_no_scope_is_an_error_with_the_names_that_are()
    {
        var wrong = _bench.File("defualts.yaml", "total_ms: 900\n");
        _bench.File("tiers.yaml", "l1: { max_attempts: 2 }\n");

        var run = await _bench.RunAsync("lint", _bench.Folder);

        run.ExitCode.ShouldBe(1);
        run.Lines[0].ShouldBe(
            $"error {wrong}: the name is 'defualts.yaml'; it must be resilience, defaults, tiers or topology with .yaml or .yml, or stand in the folder dependencies, services or routes.");
        run.LastLine.ShouldBe($"{_bench.Folder}: 1 error, 0 warnings, 0 notes");
    }

    [Fact]
    public async Task Other_folders_and_files_are_ignored()
    {
        _bench.File("defaults.yaml", "total_ms: 900\n");
        _bench.File("README.md", "x: [");
        _bench.File(".hidden.yaml", "x: [");
        _bench.File("examples/wrong.yaml", "x: [");
        _bench.File("services/README.md", "x: [");

        (await _bench.RunAsync("lint", _bench.Folder)).ExitCode.ShouldBe(0);
    }

    [Fact]
    public async Task A_scope_in_two_files_is_an_error()
    {
        var one = _bench.File("defaults.yaml", "total_ms: 900\n");
        var other = _bench.File("defaults.yml", "total_ms: 900\n");

        var run = await _bench.RunAsync("lint", _bench.Folder);

        run.ExitCode.ShouldBe(1);
        run.Out.ShouldContain($"error {other}: the scope is 'defaults', which {one} is too; it must be in one file.");
    }

    [Fact]
    public async Task A_file_with_a_name_that_cannot_be_a_scope_is_an_error()
    {
        _bench.File("dependencies/our inventory.yaml", "total_ms: 900\n");

        (await _bench.RunAsync("lint", _bench.Folder)).Out.ShouldContain("'dependencies/our inventory'; it must be resilience, defaults");
    }

    [Theory]
    [InlineData("defaults.yaml", "total_ms: 900\n")]
    [InlineData("dependencies/inventory.yaml", "total_ms: 900\n")]
    [InlineData("draft.yaml", "defaults: { total_ms: 900 }\n")]
    public async Task A_file_alone_is_what_its_name_says_or_a_whole_document(string name, string text)
    {
        (await _bench.RunAsync("lint", _bench.File(name, text))).ExitCode.ShouldBe(0);
    }

    [Fact]
    public async Task A_file_that_is_too_large_is_an_error_and_not_read()
    {
        var run = await _bench.RunAsync("lint", _bench.File("defaults.yaml", new string('#', 300_000)));

        run.ExitCode.ShouldBe(1);
        run.Out.ShouldContain("at most 262144 bytes");
    }

    [Fact]
    public async Task Contradictions_are_told_with_both_places_the_arithmetic_and_the_fix()
    {
        _bench.File("defaults.yaml", "total_ms: 900\n");
        _bench.Lint = _ => [Finding(FindingSeverity.Error), Finding(FindingSeverity.Warning), Finding(FindingSeverity.Note)];

        var run = await _bench.RunAsync("lint", _bench.Folder);

        run.ExitCode.ShouldBe(1);
        run.Lines[..4].ShouldBe(["error a-rule: here", "  against: there", "  3 > 2", "  fix: less"]);
        run.LastLine.ShouldBe($"{_bench.Folder}: 1 error, 1 warning, 1 note");
    }

    [Fact]
    public async Task Warnings_do_not_fail()
    {
        _bench.File("defaults.yaml", "total_ms: 900\n");
        _bench.Lint = _ => [Finding(FindingSeverity.Warning)];

        (await _bench.RunAsync("lint", _bench.Folder)).ExitCode.ShouldBe(0);
    }

    [Fact]
    public async Task Machines_get_it_as_json()
    {
        var right = _bench.File("defaults.yaml", "total_ms: 900\n");
        var wrong = _bench.File("other/defaults.yaml", "l1: { max_attempts: 0 }\n");
        _bench.Lint = _ => [Finding(FindingSeverity.Warning)];

        var run = await _bench.RunAsync("lint", right, wrong, "--json");

        run.ExitCode.ShouldBe(1);
        run.Json.GetProperty("ok").GetBoolean().ShouldBeFalse();
        run.Json.GetProperty("documents")[0].GetProperty("findings")[0].GetProperty("severity").GetString().ShouldBe("warning");
        var error = run.Json.GetProperty("documents")[1].GetProperty("errors")[0];
        (error.GetProperty("source").GetString(), error.GetProperty("line").GetInt32(), error.GetProperty("value").GetString()).ShouldBe((wrong, 1, "0"));
    }

    [Theory]
    [InlineData("nowhere", "is neither a file nor a folder")]
    [InlineData("empty", "has no scope in it")]
    public async Task Nothing_to_read_is_wrong_usage(string name, string message)
    {
        Directory.CreateDirectory(Path.Combine(_bench.Folder, "empty"));

        var run = await _bench.RunAsync("lint", Path.Combine(_bench.Folder, name));

        run.ExitCode.ShouldBe(2);
        run.Error.ShouldContain(message);
    }

    private static PolicyFinding Finding(FindingSeverity severity) => new("a-rule", severity, "here", "there", "3 > 2", "less");
}
