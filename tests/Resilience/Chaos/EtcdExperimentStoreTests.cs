using System.Text;
using Microsoft.Extensions.Logging;
using Resilience.Tests.Telemetry;

namespace Resilience.Tests.Chaos;

/// <summary>Experiments under way, on a real etcd that the tests share.</summary>
public sealed class EtcdExperimentStoreTests(EtcdServer etcd)
{
    private readonly string _prefix = $"/test-{Guid.NewGuid():N}/chaos";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory(Timeout = 60_000)]
    [InlineData("", "", null, null)]
    [InlineData("{}", "", null, null)]
    [InlineData("""{ "services": ["payments", "orders"], "fault": "latency 2 s", "by": "ann", "cap": 0.1 }""", "payments orders", "latency 2 s", "ann")]
    [InlineData("""{ "services": null, "fault": "kill" }""", "", "kill", null)]
    public async Task What_is_said_of_an_experiment_is_understood(string text, string services, string? fault, string? by)
    {
        await using var store = Create();
        await etcd.PutAsync($"{_prefix}/slow-provider", Encoding.UTF8.GetBytes(text), TestContext.Current.CancellationToken);

        var said = (await FirstAsync(store)).ShouldHaveSingleItem();

        said.Key.ShouldBe("slow-provider");
        (string.Join(' ', said.Value.Services), said.Value.Fault, said.Value.By).ShouldBe((services, fault, by));
    }

    [Theory(Timeout = 60_000)]
    [InlineData("latency")]
    [InlineData("null")]
    [InlineData("""{ "services": "payments" }""")]
    [InlineData("""{ "since": "yesterday" }""")]
    public async Task What_cannot_be_understood_says_nothing_and_is_named(string text)
    {
        var log = new CollectedLogs();
        await using var store = Create(log);
        await etcd.PutAsync($"{_prefix}/bad", Encoding.UTF8.GetBytes(text), TestContext.Current.CancellationToken);
        await etcd.PutAsync($"{_prefix}/good", default, Cancel);

        (await FirstAsync(store)).Keys.ShouldBe(["good"]);

        log.Messages.ShouldHaveSingleItem().ShouldStartWith($"Warning: {_prefix}/bad was ignored: it must be JSON such as {{\"services\": [\"payments\"]");
    }

    [Fact]
    public async Task A_prefix_that_is_none_is_refused() =>
        (await Should.ThrowAsync<PolicyInvalidException>(() => Task.FromResult(new EtcdExperimentStore(new EtcdPolicyOptions { Endpoints = etcd.Endpoint }, new EtcdFleetOptions { Prefix = "chaos/" })))).Message.ShouldContain("'chaos/'");

    [Theory]
    [InlineData("", true)]
    [InlineData("payments", true)]
    [InlineData("gateway", false)]
    [InlineData("gateway orders", true)]
    public void Only_those_it_is_done_to_may_feel_it(string services, bool expected) =>
        new RunningExperiment(services.Split(' ', StringSplitOptions.RemoveEmptyEntries), null, null, null).Concerns(new HashSet<string> { "orders", "payments" }).ShouldBe(expected);

    private EtcdExperimentStore Create(CollectedLogs? log = null) => new(
        new EtcdPolicyOptions { Endpoints = etcd.Endpoint }, new EtcdFleetOptions { Prefix = _prefix }, time: null, log is null ? null : LoggerFactory.Create(logging => logging.AddProvider(log)).CreateLogger<EtcdExperimentStore>());

    private static async Task<IReadOnlyDictionary<string, RunningExperiment>> FirstAsync(EtcdExperimentStore store)
    {
        await foreach (var state in store.WatchAsync(_ => { }, Cancel))
        {
            return state;
        }

        throw new InvalidOperationException("The watch has ended.");
    }
}
