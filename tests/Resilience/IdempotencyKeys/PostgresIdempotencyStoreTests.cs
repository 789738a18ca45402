using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Npgsql;

namespace Resilience.Tests.IdempotencyKeys;

public sealed class PostgresIdempotencyStoreTests(PostgresServer server) : IdempotencyStoreTests, IAsyncDisposable
{
    private IdempotencyDatabase? _database;

    private NpgsqlDataSource DataSource => _database!.DataSource;

    [Fact]
    public async Task Effect_and_answer_commit_together()
    {
        var store = await CreateAsync();
        var claim = (await StartAsync(store)).Claim;
        await ActAsync(claim);

        (await BeginAsync(store)).ShouldBe(new IdempotencyDecision.Completed(Created));
        (await EffectsAsync()).ShouldBe(1);
        await store.AbandonAsync(claim, Cancel);
        (await BeginAsync(store)).ShouldBe(new IdempotencyDecision.Completed(Created));
    }

    [Fact]
    public async Task An_owner_who_was_taken_over_cannot_commit_its_effect()
    {
        var store = await CreateAsync();
        var first = (await StartAsync(store)).Claim;
        await ForwardAsync(Lease);
        var second = (await StartAsync(store)).Claim;

        var refused = await Should.ThrowAsync<PostgresException>(() => ActAsync(first));
        PostgresIdempotencyStore.IsClaimLost(refused).ShouldBeTrue();
        await ActAsync(second);
        await Should.ThrowAsync<PostgresException>(() => ActAsync(first));
        (await EffectsAsync()).ShouldBe(1);
    }

    [Fact]
    public async Task Of_an_owner_and_who_takes_over_at_the_same_time_one_has_its_effect()
    {
        var store = await CreateAsync();
        for (var round = 1; round <= 20; round++)
        {
            var id = IdempotencyKey.Identify("race", null, $"{round}");
            var first = (await store.BeginAsync(id, Hash, Lease, Cancel)).ShouldBeOfType<IdempotencyDecision.Started>().Claim;
            await ForwardAsync(Lease);

            await Task.WhenAll(TryActAsync(first), TakeOverAndActAsync(store, id));

            (await EffectsAsync()).ShouldBe(round);
            (await store.BeginAsync(id, Hash, Lease, Cancel)).ShouldBeOfType<IdempotencyDecision.Completed>();
        }
    }

    [Fact]
    public async Task Old_keys_are_deleted_in_batches_but_no_claim_under_way()
    {
        var store = (PostgresIdempotencyStore)await CreateAsync();
        for (var i = 0; i < 5; i++)
        {
            await store.CompleteAsync(await ClaimAsync(store, $"{i}", Lease), Created, Cancel);
        }

        await ClaimAsync(store, "died", Lease);
        var slow = await ClaimAsync(store, "slow", Retention * 2);
        await ForwardAsync(Retention);
        await ClaimAsync(store, "new", Lease);

        (await store.ForgetAsync(4, Cancel)).ShouldBe(4);
        (await store.ForgetAsync(4, Cancel)).ShouldBe(2);
        (await store.ForgetAsync(4, Cancel)).ShouldBe(0);
        (await RowsAsync()).ShouldBe(2);
        (await store.CompleteAsync(slow, Created, Cancel)).ShouldBeTrue();
    }

    [Fact]
    public async Task The_cleaner_deletes_all_that_is_old_in_each_interval()
    {
        var store = (PostgresIdempotencyStore)await CreateAsync();
        for (var i = 0; i < 5; i++)
        {
            await ClaimAsync(store, $"{i}", Lease);
        }

        await ForwardAsync(Retention);
        var time = new FakeTimeProvider();
        var options = Options.Create(new PostgresIdempotencyOptions { CleaningInterval = TimeSpan.FromMinutes(1), CleaningBatch = 2 });
        using var cleaner = new IdempotencyCleaner(store, options, time, NullLogger<IdempotencyCleaner>.Instance);
        await cleaner.StartAsync(Cancel);

        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        while (await RowsAsync() > 0)
        {
            time.Advance(TimeSpan.FromMinutes(1));
            await timer.WaitForNextTickAsync(Cancel);
        }

        await cleaner.StopAsync(Cancel);
    }

    [Fact]
    public async Task The_key_itself_is_nowhere_in_the_table()
    {
        var store = (PostgresIdempotencyStore)await CreateAsync();
        await ClaimAsync(store, "very-secret", Lease);
        var hex = Convert.ToHexStringLower("very-secret"u8);
        (await _database!.ScalarAsync<bool>($"SELECT k::text LIKE '%secret%' OR k::text LIKE '%{hex}%' FROM durable.idempotency_keys AS k")).ShouldBeFalse();
    }

    public ValueTask DisposeAsync() => _database?.DisposeAsync() ?? ValueTask.CompletedTask;

    protected override async Task<IIdempotencyStore> CreateAsync()
    {
        _database = await IdempotencyDatabase.CreateAsync(server);
        return _database.CreateStore(Retention);
    }

    protected override Task ForwardAsync(TimeSpan time) => _database!.ForwardAsync(time);

    private static async Task<IdempotencyClaim> ClaimAsync(PostgresIdempotencyStore store, string key, TimeSpan lease) =>
        (await store.BeginAsync(IdempotencyKey.Identify("POST /orders", null, key), Hash, lease, Cancel)).ShouldBeOfType<IdempotencyDecision.Started>().Claim;

    private async Task ActAsync(IdempotencyClaim claim)
    {
        await using var batch = DataSource.CreateBatch();
        batch.BatchCommands.Add(new NpgsqlBatchCommand("INSERT INTO orders (key, id) VALUES ('k', gen_random_uuid())"));
        PostgresIdempotencyStore.AppendCompletion(batch, claim, Created);
        await batch.ExecuteNonQueryAsync(Cancel);
    }

    private async Task TryActAsync(IdempotencyClaim claim)
    {
        try
        {
            await ActAsync(claim);
        }
        catch (PostgresException exception) when (PostgresIdempotencyStore.IsClaimLost(exception))
        {
            return;
        }
    }

    private async Task TakeOverAndActAsync(IIdempotencyStore store, Sha256Digest id)
    {
        if (await store.BeginAsync(id, Hash, Lease, Cancel) is IdempotencyDecision.Started started)
        {
            await ActAsync(started.Claim);
        }
    }

    private Task<long> EffectsAsync() => _database!.ScalarAsync<long>("SELECT count(*) FROM orders");

    private Task<long> RowsAsync() => _database!.ScalarAsync<long>("SELECT count(*) FROM durable.idempotency_keys");
}
