using System.Text;

namespace Resilience.Tests.IdempotencyKeys;

/// <summary>What every store does.</summary>
public abstract class IdempotencyStoreTests
{
    protected static readonly TimeSpan Lease = TimeSpan.FromMinutes(1);
    protected static readonly TimeSpan Retention = TimeSpan.FromHours(1);
    protected static readonly StoredAnswer Created = new(
        201, "text/plain", Encoding.UTF8.GetBytes("order 7"), KeyValuePair.Create("Location", "/orders/7"), KeyValuePair.Create("Link", "a"), KeyValuePair.Create("Link", "b"));

    protected static readonly Sha256Digest Id = IdempotencyKey.Identify("POST /orders", "anna", "key");
    protected static readonly Sha256Digest Hash = IdempotencyKey.Identify("hash", null, "1");
    private static readonly Sha256Digest OtherHash = IdempotencyKey.Identify("hash", null, "2");

    protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_first_request_starts_and_every_later_one_gets_its_answer()
    {
        var store = await CreateAsync();
        var started = await StartAsync(store);
        started.TookOver.ShouldBeFalse();

        (await store.CompleteAsync(started.Claim, Created, Cancel)).ShouldBeTrue();

        for (var i = 0; i < 3; i++)
        {
            (await BeginAsync(store)).ShouldBe(new IdempotencyDecision.Completed(Created));
        }
    }

    [Fact]
    public async Task An_answer_without_body_or_headers_is_kept_too()
    {
        var store = await CreateAsync();
        var empty = new StoredAnswer(204, null, ReadOnlyMemory<byte>.Empty);
        await store.CompleteAsync((await StartAsync(store)).Claim, empty, Cancel);
        (await BeginAsync(store)).ShouldBe(new IdempotencyDecision.Completed(empty));
    }

    [Fact]
    public async Task While_the_first_is_under_way_others_learn_how_long_at_most()
    {
        var store = await CreateAsync();
        await StartAsync(store);
        await ForwardAsync(TimeSpan.FromSeconds(20));
        (await BeginAsync(store)).ShouldBeOfType<IdempotencyDecision.InProgress>().LeaseLeft.ShouldBeInRange(TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(40));
    }

    [Fact]
    public async Task Another_request_under_the_same_key_is_a_mismatch_in_every_state()
    {
        var store = await CreateAsync();
        var started = await StartAsync(store);
        (await BeginAsync(store, OtherHash)).ShouldBe(new IdempotencyDecision.Mismatch());

        await ForwardAsync(Lease);
        (await BeginAsync(store, OtherHash)).ShouldBe(new IdempotencyDecision.Mismatch());

        await store.CompleteAsync(started.Claim, Created, Cancel);
        (await BeginAsync(store, OtherHash)).ShouldBe(new IdempotencyDecision.Mismatch());
    }

    [Fact]
    public async Task An_abandoned_key_is_free_for_any_request()
    {
        var store = await CreateAsync();
        var first = await StartAsync(store);
        await store.AbandonAsync(first.Claim, Cancel);

        var second = (await BeginAsync(store, OtherHash)).ShouldBeOfType<IdempotencyDecision.Started>();
        second.TookOver.ShouldBeFalse();
        (await store.CompleteAsync(first.Claim, Created, Cancel)).ShouldBeFalse();
        await store.AbandonAsync(first.Claim, Cancel);
        (await store.CompleteAsync(second.Claim, Created, Cancel)).ShouldBeTrue();
    }

    [Fact]
    public async Task After_the_lease_a_claim_is_taken_over_once_and_its_first_owner_is_fenced()
    {
        var store = await CreateAsync();
        var first = await StartAsync(store);
        await ForwardAsync(Lease);

        var second = await StartAsync(store);
        second.TookOver.ShouldBeTrue();
        (await BeginAsync(store)).ShouldBeOfType<IdempotencyDecision.InProgress>();

        (await store.CompleteAsync(first.Claim, Other("late"), Cancel)).ShouldBeFalse();
        await store.AbandonAsync(first.Claim, Cancel);
        (await store.CompleteAsync(second.Claim, Created, Cancel)).ShouldBeTrue();
        (await store.CompleteAsync(first.Claim, Other("later"), Cancel)).ShouldBeFalse();
        (await BeginAsync(store)).ShouldBe(new IdempotencyDecision.Completed(Created));
    }

    [Fact]
    public async Task A_fenced_owner_stays_fenced_when_the_key_is_claimed_anew()
    {
        var store = await CreateAsync();
        var first = await StartAsync(store);
        await ForwardAsync(Lease);
        await store.AbandonAsync((await StartAsync(store)).Claim, Cancel);
        var third = await StartAsync(store);

        (await store.CompleteAsync(first.Claim, Other("late"), Cancel)).ShouldBeFalse();
        (await store.CompleteAsync(third.Claim, Created, Cancel)).ShouldBeTrue();
    }

    [Fact]
    public async Task A_late_owner_whom_nobody_took_over_may_still_answer()
    {
        var store = await CreateAsync();
        var first = await StartAsync(store);
        await ForwardAsync(Lease * 2);
        (await store.CompleteAsync(first.Claim, Created, Cancel)).ShouldBeTrue();
    }

    [Fact]
    public async Task An_answer_is_final_but_may_be_stored_again()
    {
        var store = await CreateAsync();
        var claim = (await StartAsync(store)).Claim;
        await store.CompleteAsync(claim, Created, Cancel);

        (await store.CompleteAsync(claim, Created, Cancel)).ShouldBeTrue();
        (await store.CompleteAsync(claim, Other("changed"), Cancel)).ShouldBeFalse();
        await store.AbandonAsync(claim, Cancel);
        (await BeginAsync(store)).ShouldBe(new IdempotencyDecision.Completed(Created));
    }

    [Fact]
    public async Task Of_many_simultaneous_requests_one_starts()
    {
        var store = await CreateAsync();
        var decisions = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => Task.Run(() => BeginAsync(store), Cancel)));
        decisions.OfType<IdempotencyDecision.Started>().Count().ShouldBe(1);
        decisions.OfType<IdempotencyDecision.InProgress>().Count().ShouldBe(49);
    }

    [Fact]
    public async Task Of_many_that_want_to_take_over_one_does()
    {
        var store = await CreateAsync();
        await StartAsync(store);
        await ForwardAsync(Lease);
        var decisions = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => Task.Run(() => BeginAsync(store), Cancel)));
        decisions.OfType<IdempotencyDecision.Started>().ShouldHaveSingleItem().TookOver.ShouldBeTrue();
    }

    [Fact]
    public async Task An_answer_is_forgotten_after_the_retention_and_the_key_is_new()
    {
        var store = await CreateAsync();
        await store.CompleteAsync((await StartAsync(store)).Claim, Created, Cancel);
        await ForwardAsync(Retention - TimeSpan.FromSeconds(30));
        (await BeginAsync(store)).ShouldBeOfType<IdempotencyDecision.Completed>();

        await ForwardAsync(TimeSpan.FromSeconds(30));
        (await BeginAsync(store, OtherHash)).ShouldBeOfType<IdempotencyDecision.Started>().TookOver.ShouldBeFalse();
    }

    [Fact]
    public async Task A_lease_must_be_positive()
    {
        var store = await CreateAsync();
        await Should.ThrowAsync<ArgumentOutOfRangeException>(() => store.BeginAsync(Id, Hash, TimeSpan.Zero, Cancel));
    }

    /// <summary>An empty store with <see cref="Retention"/>.</summary>
    protected abstract Task<IIdempotencyStore> CreateAsync();

    /// <summary>Lets time pass.</summary>
    protected abstract Task ForwardAsync(TimeSpan time);

    protected static Task<IdempotencyDecision> BeginAsync(IIdempotencyStore store, Sha256Digest? hash = null) =>
        store.BeginAsync(Id, hash ?? Hash, Lease, Cancel);

    protected static async Task<IdempotencyDecision.Started> StartAsync(IIdempotencyStore store) =>
        (await BeginAsync(store)).ShouldBeOfType<IdempotencyDecision.Started>();

    private static StoredAnswer Other(string body) => new(201, "text/plain", Encoding.UTF8.GetBytes(body));
}
