using System.Text;

namespace Tools.Tests.Policy;

/// <summary>get, history and diff.</summary>
public sealed class ReadingCommandTests : IDisposable
{
    private const string Inventory = "dependencies/inventory";

    private readonly PolicyBench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Fact]
    public async Task Get_prints_the_bytes_as_they_are()
    {
        _bench.Store.Put(Inventory, "\uFEFF# Größe\r\ntotal_ms: 900");

        var run = await _bench.RunAsync("get", Inventory);

        (run.ExitCode, run.Out, run.Error).ShouldBe((0, "", ""));
        Encoding.UTF8.GetString(run.Bytes).ShouldBe("\uFEFF# Größe\r\ntotal_ms: 900");
    }

    [Fact]
    public async Task Get_prints_an_earlier_revision()
    {
        _bench.Store.Put(Inventory, "total_ms: 900\n");
        _bench.Store.Put(Inventory, "total_ms: 800\n");

        Encoding.UTF8.GetString((await _bench.RunAsync("get", Inventory, "--revision", "1")).Bytes).ShouldBe("total_ms: 900\n");
    }

    [Fact]
    public async Task Get_without_a_scope_lists_them_with_size_revision_and_digest()
    {
        _bench.Store.Put(Inventory, "total_ms: 900\n");
        _bench.Store.Put("defaults", "total_ms: 1000\n");

        var run = await _bench.RunAsync("get");

        run.Lines.ShouldBe(["scope                   bytes", "defaults                15", "dependencies/inventory  14", $"memory: 2 scopes, revision 2, digest {_bench.Store.Now.Digest}"]);
    }

    [Fact]
    public async Task Get_of_a_scope_that_is_not_there_names_those_that_are()
    {
        (await _bench.RunAsync("get", "defaults")).Error.TrimEnd().ShouldBe("SCOPE: 'defaults' is not in memory at revision 0; it is empty");
        _bench.Store.Put(Inventory, "total_ms: 900\n");

        var run = await _bench.RunAsync("get", "dependencies/inventry");

        (run.ExitCode, run.Error.TrimEnd()).ShouldBe((2, $"SCOPE: 'dependencies/inventry' is not in memory at revision 1; it has {Inventory}"));
    }

    [Fact]
    public async Task A_revision_that_is_not_there_is_wrong_usage()
    {
        var run = await _bench.RunAsync("get", "--revision", "7");

        (run.ExitCode, run.Error.TrimEnd()).ShouldBe((2, "memory has no revision 7; see its history."));
    }

    [Fact]
    public async Task History_tells_revision_local_time_who_why_and_scopes_latest_first()
    {
        _bench.Store.Put(Inventory, "total_ms: 900\n", "ada", "a sale\e[2J");
        _bench.Store.Put("defaults", "total_ms: 1000\n");

        var run = await _bench.RunAsync("history");

        run.ExitCode.ShouldBe(0);
        run.Lines.ShouldBe(
        [
            "revision  when                 who                      why         scopes",
            "2         2026-03-01 14:00:00  (not through the audit)              defaults",
            "1         2026-03-01 14:00:00  ada                      a sale?[2J  dependencies/inventory",
        ]);
        (await _bench.RunAsync("history", "--limit", "1")).Lines.Length.ShouldBe(2);
    }

    [Fact]
    public async Task History_is_json_for_machines()
    {
        _bench.Store.Put(Inventory, "total_ms: 900\n", "ada", "a sale");
        _bench.Store.Put("defaults", "total_ms: 1000\n");

        var entries = (await _bench.RunAsync("history", "--json")).Json.GetProperty("entries");

        entries[0].TryGetProperty("who", out _).ShouldBeFalse();
        entries[1].GetProperty("who").GetString().ShouldBe("ada");
        entries[1].GetProperty("at").GetDateTimeOffset().ShouldBe(_bench.Time.GetUtcNow());
    }

    [Fact]
    public async Task Diff_shows_each_scope_that_differs()
    {
        _bench.Store.Put(Inventory, "total_ms: 900\nl1: { max_attempts: 2 }\n");
        _bench.Store.Put(Inventory, "total_ms: 800\nl1: { max_attempts: 2 }\n");
        _bench.Store.Put("defaults", "total_ms: 1000");

        var run = await _bench.RunAsync("diff", "1");

        run.ExitCode.ShouldBe(0);
        run.Out.ShouldBe(
            """
            --- /dev/null
            +++ defaults	revision 3
            @@ -0,0 +1,1 @@
            +total_ms: 1000
            \ No newline at end of file
            --- dependencies/inventory	revision 1
            +++ dependencies/inventory	revision 3
            @@ -1,2 +1,2 @@
            -total_ms: 900
            +total_ms: 800
             l1: { max_attempts: 2 }

            """);
        (await _bench.RunAsync("diff", "1", "2")).Out.ShouldNotContain("defaults");
        (await _bench.RunAsync("diff", "1", "2", "--exit-code")).ExitCode.ShouldBe(1);
        var same = await _bench.RunAsync("diff", "2", "2", "--exit-code");
        (same.ExitCode, same.Out, same.Error).ShouldBe((0, "", ""));
    }

    [Fact]
    public async Task Diff_has_colours_on_a_terminal_only()
    {
        _bench.Store.Put("defaults", "total_ms: 1000\n");
        _bench.Store.Put("defaults", "total_ms: 900\n");
        _bench.IsTerminal = true;

        (await _bench.RunAsync("diff", "1")).Out.ShouldContain("\e[32m+total_ms: 900\e[0m");
    }

    [Fact]
    public async Task Diff_of_what_is_no_text_says_so()
    {
        _bench.Store.Put("defaults", "total_ms: 1000\n");
        await _bench.Store.ChangeAsync(
            new PolicyChange(new Dictionary<string, ReadOnlyMemory<byte>?> { ["defaults"] = new byte[] { 0xFF, 0xFE } }, "ada", "x"), TestContext.Current.CancellationToken);

        (await _bench.RunAsync("diff", "1")).LastLine.ShouldBe("(not to be shown: no text in UTF-8)");
    }
}
