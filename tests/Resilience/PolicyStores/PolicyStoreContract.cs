using static Resilience.Tests.PolicyStores.StoreTexts;

namespace Resilience.Tests.PolicyStores;

/// <summary>What every store does, whatever it keeps the policies in. Each test has backing data of its own.</summary>
public abstract class PolicyStoreContract
{
    private const int Patience = 60_000;
    private const string First = "defaults";
    private const string Second = "dependencies/payments";

    /// <summary>A store on the backing data of this test, the same for each call.</summary>
    protected abstract Task<IPolicyStore> CreateAsync();

    /// <summary>Writes a scope past the stores, as an editor would.</summary>
    protected abstract Task PutRawAsync(string scope, ReadOnlyMemory<byte> content);

    [Fact(Timeout = Patience)]
    public async Task A_new_store_is_empty()
    {
        await using var store = await CreateAsync();
        await using var watch = new StateWatch(store);

        var read = await store.ReadAsync(TestContext.Current.CancellationToken);

        read.IsEmpty.ShouldBeTrue();
        (await watch.NextAsync()).IsEmpty.ShouldBeTrue();
        (await store.HistoryAsync(10, TestContext.Current.CancellationToken)).ShouldBeEmpty();
        (await store.AcknowledgementsAsync(TestContext.Current.CancellationToken)).ShouldBeEmpty();
        store.Name.ShouldNotBeNullOrWhiteSpace();
    }

    [Fact(Timeout = Patience)]
    public async Task What_was_changed_is_read_by_everybody_under_the_revision_of_the_change()
    {
        await using var store = await CreateAsync();
        await using var other = await CreateAsync();

        var first = await store.ChangeAsync(Change((Second, "b: 1"), (First, "a: 1")), TestContext.Current.CancellationToken);
        var second = await store.ChangeAsync(Change((First, "a: 2")), TestContext.Current.CancellationToken);

        second.ShouldBeGreaterThan(first);
        var read = await other.ReadAsync(TestContext.Current.CancellationToken);
        read.Revision.ShouldBe(second);
        read.Sources.Select(source => source.Scope).ShouldBe([First, Second]);
        read.TextOf(First).ShouldBe("a: 2");
        read.TextOf(Second).ShouldBe("b: 1");
        read.Sources.ShouldAllBe(source => source.Location.Contains(source.Scope) && source.Problem == null);
    }

    [Fact(Timeout = Patience)]
    public async Task No_state_is_half_of_a_change()
    {
        await using var store = await CreateAsync();
        await using var other = await CreateAsync();
        await using var watch = new StateWatch(other);
        const string Last = "n: 40";

        for (var number = 1; number <= 40; number++)
        {
            await store.ChangeAsync(Change((First, $"n: {number}"), (Second, $"n: {number}")), TestContext.Current.CancellationToken);
        }

        await watch.UntilAsync(state =>
        {
            state.TextOf(First).ShouldBe(state.TextOf(Second));
            return state.TextOf(First) == Last;
        });
    }

    [Theory(Timeout = Patience)]
    [InlineData("dependencies/")]
    [InlineData("dependencies/a/b")]
    [InlineData("nothing")]
    [InlineData("../defaults")]
    [InlineData("")]
    public async Task A_change_of_a_scope_that_cannot_be_is_refused_whole(string scope)
    {
        await using var store = await CreateAsync();

        var refused = await Should.ThrowAsync<PolicyInvalidException>(
            async () => await store.ChangeAsync(Change((First, "a: 1"), (scope, "b: 1")), TestContext.Current.CancellationToken));

        refused.Message.ShouldContain(scope);
        (await store.ReadAsync(TestContext.Current.CancellationToken)).IsEmpty.ShouldBeTrue();
    }

    [Fact(Timeout = Patience)]
    public async Task A_change_of_more_than_a_scope_may_have_is_refused()
    {
        await using var store = await CreateAsync();

        var refused = await Should.ThrowAsync<PolicyInvalidException>(
            async () => await store.ChangeAsync(Change((First, new string('#', PolicySource.MaxBytes + 1))), TestContext.Current.CancellationToken));

        refused.Message.ShouldContain(First);
        (await store.ReadAsync(TestContext.Current.CancellationToken)).IsEmpty.ShouldBeTrue();
    }

    [Fact(Timeout = Patience)]
    public async Task A_change_from_a_revision_that_is_no_longer_the_latest_is_a_conflict()
    {
        await using var store = await CreateAsync();
        await using var other = await CreateAsync();
        var from = await store.ChangeAsync(Change((First, "a: 1"), (Second, "b: 1")), TestContext.Current.CancellationToken);
        var deletion = await other.ChangeAsync(Change((Second, null)) with { From = from }, TestContext.Current.CancellationToken);

        var conflict = await Should.ThrowAsync<PolicyStoreException>(
            () => store.ChangeAsync(Change((First, "a: mine")) with { From = from }, TestContext.Current.CancellationToken));

        conflict.Failure.ShouldBe(PolicyStoreFailure.Conflict);
        conflict.Message.ShouldContain($"{deletion}");
        (await store.ReadAsync(TestContext.Current.CancellationToken)).TextOf(First).ShouldBe("a: 1");
        await store.ChangeAsync(Change((First, "a: mine")) with { From = deletion }, TestContext.Current.CancellationToken);
        (await other.ReadAsync(TestContext.Current.CancellationToken)).TextOf(First).ShouldBe("a: mine");
    }

    [Fact(Timeout = Patience)]
    public async Task Of_changes_made_from_one_revision_at_the_same_time_one_is_made()
    {
        await using var store = await CreateAsync();
        await using var other = await CreateAsync();
        var from = await store.ChangeAsync(Change((First, "a: 1")), TestContext.Current.CancellationToken);

        var changes = await Task.WhenAll(Enumerable.Range(0, 8).Select(async number =>
        {
            try
            {
                await (number % 2 == 0 ? store : other).ChangeAsync(Change((First, $"a: by {number}")) with { From = from }, TestContext.Current.CancellationToken);
                return "made";
            }
            catch (PolicyStoreException exception)
            {
                return exception.Failure.ToString();
            }
        }));

        changes.Count(change => change == "made").ShouldBe(1);
        changes.Count(change => change == nameof(PolicyStoreFailure.Conflict)).ShouldBe(7);
    }

    [Fact(Timeout = Patience)]
    public async Task The_history_tells_who_changed_what_when_and_why_latest_first()
    {
        await using var store = await CreateAsync();
        var before = DateTimeOffset.UtcNow - TimeSpan.FromSeconds(1);
        var first = await store.ChangeAsync(Change((First, "a: 1"), (Second, "b: 1")), TestContext.Current.CancellationToken);
        var second = await store.ChangeAsync(Change((Second, null)) with { Who = "grace", Why = "no longer\nneeded" }, TestContext.Current.CancellationToken);

        await using var other = await CreateAsync();
        var history = await other.HistoryAsync(10, TestContext.Current.CancellationToken);

        history.Select(entry => entry.Revision).ShouldBe([second, first]);
        history[0].ShouldSatisfyAllConditions(
            entry => entry.Who.ShouldBe("grace"), entry => entry.Why.ShouldBe("no longer\nneeded"), entry => entry.Scopes.ShouldBe([Second]));
        history[1].ShouldSatisfyAllConditions(
            entry => entry.Who.ShouldBe("ada"), entry => entry.Why.ShouldBe("because"), entry => entry.Scopes.ShouldBe([First, Second], ignoreOrder: true));
        history.ShouldAllBe(entry => entry.At >= before && entry.At <= DateTimeOffset.UtcNow + TimeSpan.FromSeconds(1));
        (await store.HistoryAsync(1, TestContext.Current.CancellationToken)).Single().Revision.ShouldBe(second);
    }

    [Fact(Timeout = Patience)]
    public async Task Every_revision_of_the_history_can_be_read()
    {
        await using var store = await CreateAsync();
        var first = await store.ChangeAsync(Change((First, "a: 1"), (Second, "b: 1")), TestContext.Current.CancellationToken);
        var second = await store.ChangeAsync(Change((First, "a: 2"), (Second, null)), TestContext.Current.CancellationToken);

        var earlier = await store.ReadAsync(first, TestContext.Current.CancellationToken);
        var latest = await store.ReadAsync(second, TestContext.Current.CancellationToken);

        (earlier.Revision, earlier.TextOf(First), earlier.TextOf(Second)).ShouldBe((first, "a: 1", "b: 1"));
        (latest.Revision, latest.TextOf(First), latest.TextOf(Second)).ShouldBe((second, "a: 2", null));
        latest.Digest.ShouldBe((await store.ReadAsync(TestContext.Current.CancellationToken)).Digest);
    }

    [Theory(Timeout = Patience)]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(1_000_000_000_000)]
    public async Task A_revision_that_never_was_is_unknown(long revision)
    {
        await using var store = await CreateAsync();
        await store.ChangeAsync(Change((First, "a: 1")), TestContext.Current.CancellationToken);

        var unknown = await Should.ThrowAsync<PolicyStoreException>(async () => await store.ReadAsync(revision, TestContext.Current.CancellationToken));

        unknown.Failure.ShouldBe(PolicyStoreFailure.UnknownRevision);
        unknown.Message.ShouldContain($"{revision}");
    }

    [Fact(Timeout = Patience)]
    public async Task A_watch_begins_with_the_present_and_goes_on_with_what_others_change_and_delete()
    {
        await using var store = await CreateAsync();
        await using var other = await CreateAsync();
        var present = await store.ChangeAsync(Change((First, "a: 1"), (Second, "b: 1")), TestContext.Current.CancellationToken);
        await using var watch = new StateWatch(store);

        (await watch.NextAsync()).Revision.ShouldBe(present);
        var changed = await other.ChangeAsync(Change((First, "a: 2")), TestContext.Current.CancellationToken);
        (await watch.NextAsync()).ShouldSatisfyAllConditions(state => state.Revision.ShouldBe(changed), state => state.TextOf(First).ShouldBe("a: 2"));
        var deleted = await other.ChangeAsync(Change((Second, null)), TestContext.Current.CancellationToken);
        (await watch.NextAsync()).ShouldSatisfyAllConditions(state => state.Revision.ShouldBe(deleted), state => state.Sources.Count.ShouldBe(1));
    }

    [Fact(Timeout = Patience)]
    public async Task What_is_written_past_the_store_is_seen_and_is_in_the_history_without_a_name()
    {
        await using var store = await CreateAsync();
        var first = await store.ChangeAsync(Change((First, "a: 1")), TestContext.Current.CancellationToken);
        await using var watch = new StateWatch(store);

        await PutRawAsync(Second, Bytes("b: 1"));

        var seen = await watch.UntilAsync(Second, "b: 1");
        seen.TextOf(First).ShouldBe("a: 1");
        seen.Revision.ShouldBeGreaterThan(first);
        var latest = (await store.HistoryAsync(10, TestContext.Current.CancellationToken))[0];
        (latest.Revision, latest.Who).ShouldBe((seen.Revision, null));
        latest.Scopes.ShouldBe([Second]);
    }

    [Fact(Timeout = Patience)]
    public async Task What_is_too_large_is_a_scope_with_a_problem()
    {
        await using var store = await CreateAsync();

        await PutRawAsync(First, new byte[PolicySource.MaxBytes + 1]);

        var source = (await store.ReadAsync(TestContext.Current.CancellationToken)).Sources.Single();
        source.Scope.ShouldBe(First);
        source.Problem.ShouldNotBeNull().ToString().ShouldContain($"{PolicySource.MaxBytes + 1} bytes");
    }

    [Fact(Timeout = Patience)]
    public async Task An_acknowledgement_is_replaced_by_the_next_and_gone_with_its_store()
    {
        await using var reader = await CreateAsync();
        var orders = await CreateAsync();
        var gateway = await CreateAsync();
        await using (gateway)
        {
            await orders.AcknowledgeAsync(Acknowledgement("orders", "orders-1", 4), TestContext.Current.CancellationToken);
            await gateway.AcknowledgeAsync(Acknowledgement("gateway", "host/7:80", 5), TestContext.Current.CancellationToken);
            var refusal = Acknowledgement("orders", "orders-1", 4) with { RefusedRevision = 5, RefusedBecause = ["l1.max_attempts is 0"], Pinned = ["l1.backoff"] };
            await orders.AcknowledgeAsync(refusal, TestContext.Current.CancellationToken);

            var said = await reader.AcknowledgementsAsync(TestContext.Current.CancellationToken);
            said.Select(one => (one.Service, one.Instance, one.Revision)).ShouldBe([("gateway", "host/7:80", 5), ("orders", "orders-1", 4)]);
            (said[1].RefusedRevision, said[1].Digest, said[1].At, said[1].StoreProblem).ShouldBe((5, refusal.Digest, refusal.At, null));
            said[1].RefusedBecause.ShouldBe(refusal.RefusedBecause);
            said[1].Pinned.ShouldBe(refusal.Pinned);
            said[1].AfterRestart.ShouldBeEmpty();

            await orders.DisposeAsync();
            (await reader.AcknowledgementsAsync(TestContext.Current.CancellationToken)).Select(one => one.Service).ShouldBe(["gateway"]);
        }

        (await reader.AcknowledgementsAsync(TestContext.Current.CancellationToken)).ShouldBeEmpty();
    }

    private static Acknowledgement Acknowledgement(string service, string instance, long revision) => new()
    {
        Service = service,
        Instance = instance,
        Revision = revision,
        Digest = "0123456789ab",
        At = new DateTimeOffset(2025, 1, 2, 3, 4, 5, TimeSpan.Zero),
    };
}
