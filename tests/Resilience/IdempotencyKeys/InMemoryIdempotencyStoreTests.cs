using Microsoft.Extensions.Time.Testing;

namespace Resilience.Tests.IdempotencyKeys;

public sealed class InMemoryIdempotencyStoreTests : IdempotencyStoreTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public async Task A_full_store_forgets_the_oldest_answers_but_nothing_under_way()
    {
        var store = new InMemoryIdempotencyStore(_time, Retention, capacity: 3);
        var underWay = await StartAsync(store, "a");
        foreach (var key in (string[])["b", "c", "d", "e"])
        {
            await store.CompleteAsync((await StartAsync(store, key)).Claim, Created, Cancel);
        }

        store.Count.ShouldBe(3);
        (await store.BeginAsync(IdOf("e"), Hash, Lease, Cancel)).ShouldBeOfType<IdempotencyDecision.Completed>();
        (await store.BeginAsync(IdOf("d"), Hash, Lease, Cancel)).ShouldBeOfType<IdempotencyDecision.Completed>();
        (await store.BeginAsync(IdOf("b"), Hash, Lease, Cancel)).ShouldBeOfType<IdempotencyDecision.Started>();
        (await store.CompleteAsync(underWay.Claim, Created, Cancel)).ShouldBeTrue();
    }

    [Fact]
    public async Task More_claims_under_way_than_the_capacity_are_all_kept()
    {
        var store = new InMemoryIdempotencyStore(_time, Retention, capacity: 1);
        var first = await StartAsync(store, "a");
        var second = await StartAsync(store, "b");
        (await store.CompleteAsync(first.Claim, Created, Cancel)).ShouldBeTrue();
        (await store.CompleteAsync(second.Claim, Created, Cancel)).ShouldBeTrue();
    }

    [Fact]
    public async Task What_is_old_takes_no_memory()
    {
        var store = new InMemoryIdempotencyStore(_time, Retention, InMemoryIdempotencyStore.DefaultCapacity);
        for (var i = 0; i < 100; i++)
        {
            await store.CompleteAsync((await StartAsync(store, $"{i}")).Claim, Created, Cancel);
        }

        await ForwardAsync(Retention);
        await StartAsync(store, "new");
        store.Count.ShouldBe(1);
    }

    [Fact]
    public void A_store_needs_room_and_time()
    {
        Should.Throw<ArgumentOutOfRangeException>(() => new InMemoryIdempotencyStore(_time, Retention, capacity: 0));
        Should.Throw<ArgumentOutOfRangeException>(() => new InMemoryIdempotencyStore(_time, TimeSpan.Zero, capacity: 1));
    }

    protected override Task<IIdempotencyStore> CreateAsync() =>
        Task.FromResult<IIdempotencyStore>(new InMemoryIdempotencyStore(_time, Retention, InMemoryIdempotencyStore.DefaultCapacity));

    protected override Task ForwardAsync(TimeSpan time)
    {
        _time.Advance(time);
        return Task.CompletedTask;
    }

    private static Sha256Digest IdOf(string key) => IdempotencyKey.Identify("POST /orders", null, key);

    private static async Task<IdempotencyDecision.Started> StartAsync(InMemoryIdempotencyStore store, string key) =>
        (await store.BeginAsync(IdOf(key), Hash, Lease, Cancel)).ShouldBeOfType<IdempotencyDecision.Started>();
}
