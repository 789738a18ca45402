using static Resilience.Tests.PolicyStores.StoreTexts;

namespace Resilience.Tests.PolicyStores;

/// <summary>What a watch makes of cuts, restarts, lost data and compaction. Each test has a server of its own.</summary>
public sealed class EtcdOutageTests
{
    private const int Patience = 120_000;

    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Outage = TimeSpan.FromSeconds(10);

    // From the end of a cut until its last change is there: a connection that was made in the silence is given up within 5 s, then there is a wait of up to 1 s.
    private static readonly TimeSpan LongestRecovery = TimeSpan.FromSeconds(8);

    [Fact(Timeout = Patience)]
    public async Task Cuts_of_ten_seconds_lose_nothing_whether_by_reset_or_by_silence()
    {
        await using var etcd = await EtcdServer.StartNewAsync();
        await using var direct = Store(etcd.Endpoint);
        await using var refused = new TcpCut(etcd.Port);
        await using var silent = new TcpCut(etcd.Port);

        await Task.WhenAll(
            LivesThroughAsync(direct, refused, cut => cut.Refuse(), "routes/refused"),
            LivesThroughAsync(direct, silent, cut => cut.GoSilent(), "routes/silent"));

        static async Task LivesThroughAsync(EtcdPolicyStore direct, TcpCut way, Action<TcpCut> cut, string scope)
        {
            await using var store = Store(way.Endpoint);
            await using var watch = new StateWatch(store);
            await direct.ChangeAsync(Change((scope, "n: 1")), TestContext.Current.CancellationToken);
            await watch.UntilAsync(scope, "n: 1");

            cut(way);
            await direct.ChangeAsync(Change((scope, "n: 2")), TestContext.Current.CancellationToken);
            await PassAsync(Outage);
            (await watch.ProblemAsync(PolicyStoreFailure.Unavailable)).Message.ShouldContain("etcd");
            await direct.ChangeAsync(Change((scope, "n: 3")), TestContext.Current.CancellationToken);
            way.Recover();

            var since = System.Diagnostics.Stopwatch.StartNew();
            await watch.UntilAsync(scope, "n: 3");
            since.Elapsed.ShouldBeLessThan(LongestRecovery);
            await watch.WellAsync();
            await direct.ChangeAsync(Change((scope, "n: 4")), TestContext.Current.CancellationToken);
            await watch.UntilAsync(scope, "n: 4");
        }
    }

    [Fact(Timeout = Patience)]
    public async Task A_watch_in_which_nothing_happens_keeps_its_connection()
    {
        await using var etcd = await EtcdServer.StartNewAsync();
        await using var way = new TcpCut(etcd.Port);
        await using var store = Store(way.Endpoint);
        await using var watch = new StateWatch(store);
        await watch.NextAsync();

        // Etcd counts pings that come within 5 s of each other, and closes the connection at the third.
        await PassAsync(TimeSpan.FromSeconds(20));

        await store.ChangeAsync(Change(("defaults", "a: 1")), TestContext.Current.CancellationToken);
        await watch.UntilAsync("defaults", "a: 1");
        way.Connections.ShouldBe(1);
    }

    [Fact(Timeout = Patience)]
    public async Task A_restart_of_the_server_loses_neither_watch_nor_acknowledgement()
    {
        await using var etcd = await EtcdServer.StartNewAsync();
        await using var store = Store(etcd.Endpoint);
        await using var other = Store(etcd.Endpoint);
        await store.ChangeAsync(Change(("defaults", "a: 1")), TestContext.Current.CancellationToken);
        await store.AcknowledgeAsync(Acknowledgement(), TestContext.Current.CancellationToken);
        await using var watch = new StateWatch(store);
        await watch.UntilAsync("defaults", "a: 1");

        await etcd.StopAsync();
        await watch.ProblemAsync(PolicyStoreFailure.Unavailable);
        await Should.ThrowAsync<PolicyStoreException>(() => other.ReadAsync(TestContext.Current.CancellationToken));
        await etcd.StartAsync();
        await other.ChangeAsync(Change(("defaults", "a: 2")), TestContext.Current.CancellationToken);

        await watch.UntilAsync("defaults", "a: 2");
        await watch.WellAsync();
        (await other.AcknowledgementsAsync(TestContext.Current.CancellationToken)).ShouldHaveSingleItem();
    }

    [Fact(Timeout = Patience)]
    public async Task A_server_that_lost_its_data_is_seen_empty_and_told_again_what_we_run()
    {
        await using var etcd = await EtcdServer.StartNewAsync();
        await using var store = Store(etcd.Endpoint);
        await store.ChangeAsync(Change(("defaults", "a: 1")), TestContext.Current.CancellationToken);
        await store.AcknowledgeAsync(Acknowledgement(), TestContext.Current.CancellationToken);
        await using var watch = new StateWatch(store);
        await watch.UntilAsync("defaults", "a: 1");

        await etcd.WipeAsync();
        await etcd.StartAsync();

        var empty = await watch.NextAsync();
        (empty.IsEmpty, empty.Revision).ShouldBe((true, 0));
        await UntilAcknowledgedAsync(store, count: 1);
    }

    [Fact(Timeout = Patience)]
    public async Task A_server_that_was_filled_anew_up_to_the_revision_we_knew_is_read_anew()
    {
        await using var etcd = await EtcdServer.StartNewAsync();
        await using var way = new TcpCut(etcd.Port);
        await using var store = Store(way.Endpoint);
        await using var direct = Store(etcd.Endpoint);
        var before = await direct.ChangeAsync(Change(("defaults", "a: old")), TestContext.Current.CancellationToken);
        await using var watch = new StateWatch(store);
        await watch.UntilAsync("defaults", "a: old");

        way.Refuse();
        await etcd.WipeAsync();
        await etcd.StartAsync();
        var after = await direct.ChangeAsync(Change(("defaults", "a: new")), TestContext.Current.CancellationToken);
        way.Recover();

        after.ShouldBe(before);
        (await watch.NextAsync()).TextOf("defaults").ShouldBe("a: new");
    }

    [Fact(Timeout = Patience)]
    public async Task Compaction_past_what_was_seen_loses_nothing_that_is_there()
    {
        await using var etcd = await EtcdServer.StartNewAsync();
        await using var way = new TcpCut(etcd.Port);
        await using var store = Store(way.Endpoint);
        await using var direct = Store(etcd.Endpoint);
        var first = await direct.ChangeAsync(Change(("defaults", "n: 0"), ("tiers", "t: 0")), TestContext.Current.CancellationToken);
        await using var watch = new StateWatch(store);
        await watch.UntilAsync("defaults", "n: 0");

        way.Refuse();
        await direct.ChangeAsync(Change(("tiers", null)), TestContext.Current.CancellationToken);
        var last = await direct.ChangeAsync(Change(("defaults", "n: 2")), TestContext.Current.CancellationToken);
        await etcd.CompactAsync(last, TestContext.Current.CancellationToken);
        way.Recover();

        var state = await watch.NextAsync();
        (state.Revision, state.TextOf("defaults"), state.TextOf("tiers")).ShouldBe((last, "n: 2", null));
        var compacted = await Should.ThrowAsync<PolicyStoreException>(() => direct.ReadAsync(first, TestContext.Current.CancellationToken));
        compacted.Failure.ShouldBe(PolicyStoreFailure.Compacted);
        compacted.Message.ShouldContain($"revision {first}");
        var raw = await etcd.PutAsync("/retry/config/tiers", Bytes("t: raw"), TestContext.Current.CancellationToken);
        var history = await direct.HistoryAsync(10, TestContext.Current.CancellationToken);
        history.Select(entry => (entry.Revision, entry.Who)).ShouldBe([(raw, null), (last, "ada"), (last - 1, "ada"), (first, "ada")]);
    }

    [Fact(Timeout = Patience)]
    public async Task A_server_that_is_down_at_the_start_is_found_when_it_comes()
    {
        await using var etcd = await EtcdServer.StartNewAsync();
        await etcd.StopAsync();
        await using var store = Store(etcd.Endpoint);
        await using var watch = new StateWatch(store);
        var problem = await watch.ProblemAsync(PolicyStoreFailure.Unavailable);
        await Should.ThrowAsync<PolicyStoreException>(() => store.AcknowledgeAsync(Acknowledgement(), TestContext.Current.CancellationToken));

        await etcd.StartAsync();

        problem.Message.ShouldContain(etcd.Endpoint);
        (await watch.NextAsync()).IsEmpty.ShouldBeTrue();
        await watch.WellAsync();
        await UntilAcknowledgedAsync(store, count: 1);
    }

    [Fact(Timeout = Patience)]
    public async Task Of_several_members_one_that_lives_is_enough()
    {
        await using var etcd = await EtcdServer.StartNewAsync();
        await using var way = new TcpCut(etcd.Port);
        await using var other = new TcpCut(etcd.Port);
        await using var store = Store($"http://127.0.0.1:{LoopbackPort.Free()},{way.Endpoint},{other.Endpoint}");
        await using var watch = new StateWatch(store);
        await store.ChangeAsync(Change(("defaults", "n: 1")), TestContext.Current.CancellationToken);
        await watch.UntilAsync("defaults", "n: 1");

        way.Refuse();
        await store.ChangeAsync(Change(("defaults", "n: 2")), TestContext.Current.CancellationToken);
        await watch.UntilAsync("defaults", "n: 2");
        way.Recover();
        other.Refuse();
        await store.ChangeAsync(Change(("defaults", "n: 3")), TestContext.Current.CancellationToken);
        await watch.UntilAsync("defaults", "n: 3");
    }

    [Fact(Timeout = Patience)]
    public async Task A_change_whose_answer_was_lost_is_made_once()
    {
        await using var etcd = await EtcdServer.StartNewAsync();
        await using var way = new TcpCut(etcd.Port);
        await using var store = Store(way.Endpoint);
        await using var direct = Store(etcd.Endpoint);
        await store.ReadAsync(TestContext.Current.CancellationToken);
        await using var watch = new StateWatch(direct);
        await watch.NextAsync();

        way.LoseAnswers();
        var changing = store.ChangeAsync(Change(("defaults", "a: 1")) with { From = 0 }, TestContext.Current.CancellationToken);
        var made = await watch.NextAsync();
        way.Recover();

        (await changing).ShouldBe(made.Revision);
        (await direct.HistoryAsync(10, TestContext.Current.CancellationToken)).ShouldHaveSingleItem().Revision.ShouldBe(made.Revision);
    }

    [Fact(Timeout = Patience)]
    public async Task An_acknowledgement_goes_when_its_process_is_cut_off_and_comes_back_with_it()
    {
        await using var etcd = await EtcdServer.StartNewAsync();
        await using var way = new TcpCut(etcd.Port);
        await using var direct = Store(etcd.Endpoint);
        await using var store = Store(way.Endpoint);
        await store.AcknowledgeAsync(Acknowledgement(), TestContext.Current.CancellationToken);
        await PassAsync(2 * Lease);
        (await direct.AcknowledgementsAsync(TestContext.Current.CancellationToken)).ShouldHaveSingleItem();

        way.Refuse();
        await UntilAcknowledgedAsync(direct, count: 0);
        way.Recover();
        await UntilAcknowledgedAsync(direct, count: 1);
    }

    private static EtcdPolicyStore Store(string endpoints) => new(new EtcdPolicyOptions { Endpoints = endpoints, AcknowledgementLease = Lease });

    private static Acknowledgement Acknowledgement() =>
        new() { Service = "orders", Instance = "orders-1", Revision = 1, Digest = "0123456789ab", At = DateTimeOffset.UtcNow };

    private static async Task PassAsync(TimeSpan time)
    {
        using var timer = new PeriodicTimer(time);
        await timer.WaitForNextTickAsync(TestContext.Current.CancellationToken);
    }

    private static async Task UntilAcknowledgedAsync(EtcdPolicyStore store, int count)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while ((await store.AcknowledgementsAsync(TestContext.Current.CancellationToken)).Count != count)
        {
            await timer.WaitForNextTickAsync(TestContext.Current.CancellationToken);
        }
    }
}
