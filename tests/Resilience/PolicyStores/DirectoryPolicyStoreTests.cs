using static Resilience.Tests.PolicyStores.StoreTexts;

namespace Resilience.Tests.PolicyStores;

public sealed class DirectoryPolicyStoreTests : PolicyStoreContract, IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("shop-tests-store-").FullName;

    [Fact(Timeout = 60_000)]
    public async Task A_file_that_is_emptied_and_written_bit_by_bit_is_taken_when_it_is_whole()
    {
        await using var store = await CreateAsync();
        await PutRawAsync("defaults", "a: 1"u8.ToArray());
        await using var watch = new StateWatch(store);
        await watch.UntilAsync(state => state.TextOf("defaults") == "a: 1");

        await using (var file = new FileStream(FileOf("defaults"), FileMode.Truncate, FileAccess.Write, FileShare.Read))
        {
            foreach (var part in (string[])["b: ", "2", "00"])
            {
                await file.WriteAsync(System.Text.Encoding.UTF8.GetBytes(part), TestContext.Current.CancellationToken);
                await file.FlushAsync(TestContext.Current.CancellationToken);
            }
        }

        await watch.UntilAsync(state => state.TextOf("defaults") == "b: 200");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_change_that_was_broken_off_is_completed_by_whoever_comes_next()
    {
        await using var store = await CreateAsync();
        await store.ChangeAsync(Change(("defaults", "a: 1"), ("tiers", "a: 1")), TestContext.Current.CancellationToken);

        // As the writer left it that died after the first file.
        var state = Path.Combine(_folder, ".state");
        var intent = System.Text.Json.JsonSerializer.Serialize(new { Who = "ann", Why = "half", Scopes = new { defaults = "a: 2"u8.ToArray(), tiers = "a: 2"u8.ToArray() } });
        await File.WriteAllTextAsync(Path.Combine(state, "change.json"), intent, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(FileOf("defaults"), "a: 2", TestContext.Current.CancellationToken);

        var read = await store.ReadAsync(TestContext.Current.CancellationToken);
        (read.TextOf("defaults"), read.TextOf("tiers")).ShouldBe(("a: 2", "a: 2"));
        (await store.HistoryAsync(1, TestContext.Current.CancellationToken))[0].Who.ShouldBe("ann");
        File.Exists(Path.Combine(state, "change.json")).ShouldBeFalse();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_scope_in_two_files_is_a_problem_of_both()
    {
        await using var store = await CreateAsync();
        await PutRawAsync("defaults", "a: 1"u8.ToArray());
        await File.WriteAllTextAsync(Path.Combine(_folder, "defaults.yml"), "a: 2", TestContext.Current.CancellationToken);
        var source = (await store.ReadAsync(TestContext.Current.CancellationToken)).Sources.ShouldHaveSingleItem();
        source.Problem!.Expected.ShouldBe("must be in one file");
    }

    [Fact(Timeout = 60_000)]
    public async Task Other_files_are_somebody_elses()
    {
        await using var store = await CreateAsync();
        await File.WriteAllTextAsync(Path.Combine(_folder, "resilience.schema.json"), "{}", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(Path.Combine(_folder, "defaults.yaml~"), "a: 1", TestContext.Current.CancellationToken);
        Directory.CreateDirectory(Path.Combine(_folder, "alerts"));
        await File.WriteAllTextAsync(Path.Combine(_folder, "alerts", "defaults.yaml"), "a: 1", TestContext.Current.CancellationToken);
        (await store.ReadAsync(TestContext.Current.CancellationToken)).IsEmpty.ShouldBeTrue();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_folder_that_is_not_there_is_told()
    {
        await using var store = new DirectoryPolicyStore(Path.Combine(_folder, "nowhere"));
        (await Should.ThrowAsync<PolicyStoreException>(() => store.ReadAsync(TestContext.Current.CancellationToken))).Failure.ShouldBe(PolicyStoreFailure.Unavailable);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    protected override Task<IPolicyStore> CreateAsync() => Task.FromResult<IPolicyStore>(new DirectoryPolicyStore(_folder));

    protected override async Task PutRawAsync(string scope, ReadOnlyMemory<byte> content)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(FileOf(scope))!);
        await File.WriteAllBytesAsync(FileOf(scope), content.ToArray(), TestContext.Current.CancellationToken);
    }

    private string FileOf(string scope) => Path.Combine(_folder, $"{scope}.yaml");
}
