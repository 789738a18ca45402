using System.Text;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Resilience.Tests.Telemetry;

namespace Resilience.Tests.Degradation;

/// <summary>The fleet's degradation on a real etcd that the tests share.</summary>
public sealed class EtcdFleetStoreTests(EtcdServer etcd)
{
    private static readonly FleetDegradation Degraded = new(DegradationLevel.Degraded, 0.25, IsForced: false, "errors 10 % > 5 %", "orders/1", VirtualClock.DefaultStart);

    private readonly string _prefix = $"/test-{Guid.NewGuid():N}/degradation";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact(Timeout = 60_000)]
    public async Task What_one_says_all_hear_until_it_is_taken_back()
    {
        await using var one = Create();
        await using var other = Create();
        using var heard = new Heard(other, TestContext.Current.CancellationToken);
        (await heard.NextAsync()).ShouldBeEmpty();

        (await one.LeadAsync("orders", Degraded, Cancel)).ShouldBeTrue();
        (await heard.NextAsync()).ShouldHaveSingleItem().ShouldBe(KeyValuePair.Create("orders", Degraded));
        (await one.LeadAsync("orders", Degraded with { NormalShare = 0.5 }, Cancel)).ShouldBeTrue();
        (await heard.NextAsync())["orders"].NormalShare.ShouldBe(0.5);
        await one.WithdrawAsync("orders", Cancel);
        (await heard.NextAsync()).ShouldBeEmpty();
    }

    [Fact(Timeout = 60_000)]
    public async Task Of_several_one_leads_and_the_next_when_it_has_gone()
    {
        await using var other = Create();
        using var heard = new Heard(other, TestContext.Current.CancellationToken);
        await heard.NextAsync();
        await using (var one = Create())
        {
            (await one.LeadAsync("orders", Degraded, Cancel)).ShouldBeTrue();
            (await heard.NextAsync())["orders"].By.ShouldBe("orders/1");
            (await other.LeadAsync("orders", Degraded with { By = "orders/2" }, Cancel)).ShouldBeFalse();
            await other.WithdrawAsync("payments", Cancel);
        }

        (await heard.NextAsync()).ShouldBeEmpty("it ended in order");
        (await heard.NextAsync())["orders"].By.ShouldBe("orders/2", "it is tried again with each renewal");
    }

    [Fact(Timeout = 60_000)]
    public async Task What_a_process_said_that_died_is_gone_with_its_lease()
    {
        // On a clock that stands still nothing is renewed, as by a process that is dead.
        await using var dead = Create(new VirtualClock());
        await using var other = Create();
        using var heard = new Heard(other, TestContext.Current.CancellationToken);
        await heard.NextAsync();
        (await dead.LeadAsync("orders", Degraded, Cancel)).ShouldBeTrue();
        (await heard.NextAsync()).ShouldNotBeEmpty();
        (await heard.NextAsync()).ShouldBeEmpty();
    }

    [Fact(Timeout = 60_000)]
    public async Task An_operator_s_word_goes_over_whoever_leads_and_stays()
    {
        await using var one = Create();
        await using var operations = Create();
        using var heard = new Heard(operations, TestContext.Current.CancellationToken);
        await heard.NextAsync();
        await one.LeadAsync("orders", Degraded, Cancel);
        await heard.NextAsync();

        await operations.ForceAsync("orders", new FleetDegradation(DegradationLevel.Normal, 1, IsForced: false, "known", "ann", VirtualClock.DefaultStart), Cancel);
        (await heard.NextAsync())["orders"].ShouldSatisfyAllConditions(said => said.IsForced.ShouldBeTrue(), said => said.Level.ShouldBe(DegradationLevel.Normal));
        (await one.LeadAsync("orders", Degraded, Cancel)).ShouldBeFalse();
        await one.WithdrawAsync("orders", Cancel);
        await operations.ReleaseAsync("orders", Cancel);
        (await heard.NextAsync()).ShouldBeEmpty();
    }

    [Theory(Timeout = 60_000)]
    [InlineData("""{ "level": "broken" }""", DegradationLevel.Broken, 0)]
    [InlineData("""{ "level": "alert" }""", DegradationLevel.Alert, 1)]
    [InlineData("""{ "level": "degraded", "normalShare": 0.5, "forced": true, "reason": "drill", "by": "ann" }""", DegradationLevel.Degraded, 0.5)]
    public async Task What_somebody_writes_by_hand_is_understood(string text, DegradationLevel level, double share)
    {
        await using var store = Create();
        await etcd.PutAsync($"{_prefix}/orders", Encoding.UTF8.GetBytes(text), Cancel);
        using var heard = new Heard(store, TestContext.Current.CancellationToken);
        (await heard.NextAsync())["orders"].ShouldSatisfyAllConditions(said => said.Level.ShouldBe(level), said => said.NormalShare.ShouldBe(share));
    }

    [Theory(Timeout = 60_000)]
    [InlineData("degraded", "it must be JSON such as")]
    [InlineData("{}", "level is ''; it must be normal, alert, degraded or broken")]
    [InlineData("""{ "level": "DEGRADED" }""", "level is 'DEGRADED'")]
    [InlineData("""{ "level": "degraded", "normalShare": 2 }""", "normalShare is 2; it must be from 0 to 1")]
    [InlineData("""{ "level": "degraded", "normalShare": "half" }""", "normalShare")]
    [InlineData("", "it must be JSON such as")]
    public async Task What_cannot_be_understood_says_nothing_and_is_named(string text, string wrong)
    {
        var log = new CollectedLogs();
        await using var store = Create(log: log);
        await etcd.PutAsync($"{_prefix}/orders", Encoding.UTF8.GetBytes(text), Cancel);
        using var heard = new Heard(store, TestContext.Current.CancellationToken);
        (await heard.NextAsync()).ShouldBeEmpty();
        log.Messages.ShouldHaveSingleItem().ShouldStartWith($"Warning: {_prefix}/orders was ignored: ");
        log.Messages.Single().ShouldContain(wrong);
    }

    [Fact(Timeout = 90_000)]
    public async Task What_the_store_has_lost_is_said_again()
    {
        await using var own = await EtcdServer.StartNewAsync();
        await using var store = new EtcdFleetStore(new EtcdPolicyOptions { Endpoints = own.Endpoint }, new EtcdFleetOptions { Lease = TimeSpan.FromSeconds(2) });
        (await store.LeadAsync("orders", Degraded, Cancel)).ShouldBeTrue();
        await own.StopAsync();
        await own.WipeAsync();
        await own.StartAsync();
        using var heard = new Heard(store, TestContext.Current.CancellationToken);
        while (!(await heard.NextAsync()).ContainsKey("orders"))
        {
        }
    }

    [Fact(Timeout = 60_000)]
    public async Task What_was_written_late_does_not_outlast_the_withdrawal()
    {
        await using var store = Create();
        await store.LeadAsync("orders", Degraded, TestContext.Current.CancellationToken);
        await store.LeadAsync("payments", Degraded, Cancel);
        var (orders, payments) = (await etcd.LeaseOfAsync($"{_prefix}/orders", Cancel), await etcd.LeaseOfAsync($"{_prefix}/payments", Cancel));
        await store.WithdrawAsync("orders", Cancel);

        // As a put of ours that timed out, and that etcd takes only now.
        await Should.ThrowAsync<HttpRequestException>(() => etcd.PutAsync($"{_prefix}/orders", "{}"u8.ToArray(), orders, Cancel));
        (await etcd.CountAsync($"{_prefix}/", Cancel)).ShouldBe(1, "of others is said what was said");
        await etcd.PutAsync($"{_prefix}/payments", "{}"u8.ToArray(), payments, Cancel);
    }

    [Fact(Timeout = 90_000)]
    public async Task A_withdrawal_that_etcd_was_not_told_of_is_not_renewed()
    {
        await using var own = await EtcdServer.StartNewAsync();
        await using var store = new EtcdFleetStore(new EtcdPolicyOptions { Endpoints = own.Endpoint }, new EtcdFleetOptions { Lease = TimeSpan.FromSeconds(2) });
        await store.LeadAsync("orders", Degraded, Cancel);
        await own.StopAsync();
        (await Should.ThrowAsync<PolicyStoreException>(() => store.WithdrawAsync("orders", Cancel))).Failure.ShouldBe(PolicyStoreFailure.Unavailable);
        await own.StartAsync();
        using var heard = new Heard(store, TestContext.Current.CancellationToken);
        while ((await heard.NextAsync()).ContainsKey("orders"))
        {
        }

        await store.WithdrawAsync("orders", Cancel);
        (await store.LeadAsync("orders", Degraded, Cancel)).ShouldBeTrue("it may lead again");
    }

    [Fact]
    public async Task A_name_that_is_none_is_refused()
    {
        await using var store = Create();
        (await Should.ThrowAsync<ArgumentException>(() => store.LeadAsync("a/b", Degraded, Cancel))).Message.ShouldContain("'a/b' is no name of a service");
    }

    private EtcdFleetStore Create(TimeProvider? time = null, CollectedLogs? log = null) => new(
        new EtcdPolicyOptions { Endpoints = etcd.Endpoint }, new EtcdFleetOptions { Prefix = _prefix, Lease = TimeSpan.FromSeconds(2) }, time, log is null ? null : LoggerFactory.Create(logging => logging.AddProvider(log)).CreateLogger<EtcdFleetStore>());

    /// <summary>The states that a watch tells, one after the other.</summary>
    private sealed class Heard : IDisposable
    {
        private readonly Channel<IReadOnlyDictionary<string, FleetDegradation>> _states = Channel.CreateUnbounded<IReadOnlyDictionary<string, FleetDegradation>>();
        private readonly CancellationTokenSource _stop;

        public Heard(EtcdFleetStore store, CancellationToken cancellationToken)
        {
            _stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            _ = RunAsync(store);
        }

        public ValueTask<IReadOnlyDictionary<string, FleetDegradation>> NextAsync() => _states.Reader.ReadAsync(Cancel);

        public void Dispose()
        {
            _stop.Cancel();
            _stop.Dispose();
        }

        private async Task RunAsync(EtcdFleetStore store)
        {
            try
            {
                await foreach (var state in store.WatchAsync(_ => { }, _stop.Token))
                {
                    _states.Writer.TryWrite(state);
                }
            }
            catch (OperationCanceledException)
            {
                _states.Writer.TryComplete();
            }
        }
    }
}
