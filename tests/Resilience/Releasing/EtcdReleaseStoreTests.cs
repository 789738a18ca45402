using System.Text;
using System.Threading.Channels;

namespace Resilience.Tests.Releasing;

/// <summary>Releases on a real etcd that the tests share.</summary>
public sealed class EtcdReleaseStoreTests(EtcdServer etcd)
{
    private static readonly FleetRelease Analysing = new(ReleaseStage.Analysing, 0.3, "r1", "a first share", "gate", VirtualClock.DefaultStart);

    private readonly string _prefix = $"/test-{Guid.NewGuid():N}/release";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact(Timeout = 60_000)]
    public async Task A_release_is_heard_from_its_first_share_to_its_end()
    {
        await using var gate = Create();
        await using var other = Create();
        using var heard = new Heard(other, TestContext.Current.CancellationToken);
        (await heard.NextAsync()).ShouldBeEmpty();
        (await gate.AnalyseAsync("payments", Analysing, Cancel)).ShouldBeTrue();
        (await heard.NextAsync()).ShouldHaveSingleItem().ShouldBe(KeyValuePair.Create("payments", Analysing));
        (await gate.AnalyseAsync("payments", Analysing with { Share = 0.5 }, Cancel)).ShouldBeTrue();
        (await heard.NextAsync())["payments"].Share.ShouldBe(0.5);
        var end = Analysing with { Stage = ReleaseStage.Promoted, Share = 1, Reason = "better" };
        await gate.SettleAsync("payments", end, Cancel);
        (await heard.NextAsync())["payments"].ShouldBe(end);
        await gate.ForgetAsync("payments", Cancel);
        (await heard.NextAsync()).ShouldBeEmpty();
    }

    [Fact(Timeout = 60_000)]
    public async Task An_analysis_ends_with_its_gate_and_a_decision_does_not()
    {
        await using var other = Create();
        using var heard = new Heard(other, TestContext.Current.CancellationToken);
        await heard.NextAsync();
        await using (var gate = Create())
        {
            await gate.AnalyseAsync("payments", Analysing, Cancel);
            await heard.NextAsync();
            await gate.SettleAsync("orders", Analysing with { Stage = ReleaseStage.RolledBack }, Cancel);
            (await heard.NextAsync()).Count.ShouldBe(2);
        }

        (await heard.NextAsync()).Keys.ShouldBe(["orders"]);
    }

    [Fact(Timeout = 60_000)]
    public async Task What_a_dead_gate_analysed_is_over_with_its_lease()
    {
        // On a clock that stands still nothing is renewed, as by a process that is dead.
        await using var dead = Create(new VirtualClock());
        await using var other = Create();
        using var heard = new Heard(other, TestContext.Current.CancellationToken);
        await heard.NextAsync();
        await dead.AnalyseAsync("payments", Analysing, TestContext.Current.CancellationToken);
        (await heard.NextAsync()).ShouldNotBeEmpty();
        (await heard.NextAsync()).ShouldBeEmpty();
    }

    [Fact(Timeout = 60_000)]
    public async Task Nobody_analyses_what_another_gate_does_or_what_is_settled()
    {
        await using var gate = Create();
        await using var other = Create();
        await gate.AnalyseAsync("payments", Analysing, Cancel);
        (await other.AnalyseAsync("payments", Analysing with { Id = "r2" }, TestContext.Current.CancellationToken)).ShouldBeFalse();
        await other.SettleAsync("payments", Analysing with { Stage = ReleaseStage.RolledBack }, Cancel);
        (await gate.AnalyseAsync("payments", Analysing, Cancel)).ShouldBeFalse("somebody has settled it");
    }

    [Theory(Timeout = 60_000)]
    [InlineData("""{"stage": "promoted"}""", ReleaseStage.Promoted, 1)]
    [InlineData("""{"stage": "rolled-back", "reason": "drill"}""", ReleaseStage.RolledBack, 0)]
    [InlineData("""{"stage": "analysing", "share": 0.25, "id": "x"}""", ReleaseStage.Analysing, 0.25)]
    public async Task People_may_write_it(string text, ReleaseStage stage, double share)
    {
        await etcd.PutAsync($"{_prefix}/payments", Encoding.UTF8.GetBytes(text), Cancel);
        await using var store = Create();
        using var heard = new Heard(store, TestContext.Current.CancellationToken);
        var release = (await heard.NextAsync())["payments"];
        (release.Stage, release.Share).ShouldBe((stage, share));
    }

    [Theory(Timeout = 60_000)]
    [InlineData("promoted")]
    [InlineData("""{"stage": "done"}""")]
    [InlineData("""{"stage": "analysing", "share": 2}""")]
    public async Task What_says_nothing_sensible_says_nothing(string text)
    {
        await etcd.PutAsync($"{_prefix}/payments", Encoding.UTF8.GetBytes(text), Cancel);
        await using var store = Create();
        using var heard = new Heard(store, TestContext.Current.CancellationToken);
        (await heard.NextAsync()).ShouldBeEmpty();
    }

    private EtcdReleaseStore Create(TimeProvider? time = null) =>
        new(new EtcdPolicyOptions { Endpoints = etcd.Endpoint }, new EtcdFleetOptions { Prefix = _prefix, Lease = TimeSpan.FromSeconds(2) }, time);

    /// <summary>What a store hears, one state after the other. A state that another replaces before it was taken may be passed over.</summary>
    private sealed class Heard : IDisposable
    {
        private readonly Channel<IReadOnlyDictionary<string, FleetRelease>> _states = Channel.CreateUnbounded<IReadOnlyDictionary<string, FleetRelease>>();
        private readonly CancellationTokenSource _end;

        public Heard(EtcdReleaseStore store, CancellationToken cancellationToken)
        {
            _end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            _ = ListenAsync(store, _end.Token);
        }

        public async Task<IReadOnlyDictionary<string, FleetRelease>> NextAsync() => await _states.Reader.ReadAsync(_end.Token);

        public void Dispose()
        {
            _end.Cancel();
            _end.Dispose();
        }

        private async Task ListenAsync(EtcdReleaseStore store, CancellationToken cancellationToken)
        {
            await foreach (var state in store.WatchAsync(_ => { }, cancellationToken))
            {
                _states.Writer.TryWrite(state);
            }
        }
    }
}
