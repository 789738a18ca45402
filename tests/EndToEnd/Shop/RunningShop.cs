using System.Net;
using System.Text.Json;
using EndToEnd.Tests.Shop;

// One shop after the other: a machine with two cores is busy enough with one.
[assembly: Xunit.v3.Parallelization(Mode = Xunit.Sdk.ParallelMode.None)]
[assembly: AssemblyFixture(typeof(RunningShop))]

namespace EndToEnd.Tests.Shop;

/// <summary>The one shop that all tests of this assembly share, started by the real AppHost.</summary>
public sealed class RunningShop : IAsyncLifetime
{
    private const string OperatorKey = "tests";

    private AppHostProcess _appHost = null!;
    private JsonElement _addresses;

    /// <summary>Speaks to the gateway.</summary>
    public HttpClient Gateway { get; private set; } = null!;

    /// <summary>The address of a resource, from the ready file.</summary>
    public string Address(string resource) => _addresses.GetProperty(resource).GetString()!;

    /// <summary>Speaks to Operations as an operator.</summary>
    public HttpClient Operators()
    {
        var client = new HttpClient { BaseAddress = new Uri(Address("operations")) };
        client.DefaultRequestHeaders.Add("X-Operator-Key", OperatorKey);
        client.DefaultRequestHeaders.Add("X-Operator", "tests");
        return client;
    }

    /// <summary>How many processes of services there are, whichever were added.</summary>
    public int Instances => _addresses.GetProperty("processes").EnumerateArray().Count(process => process.TryGetProperty("url", out _));

    /// <summary>The process of a server, as it was at the start.</summary>
    public int ProcessIdOf(string server) =>
        _addresses.GetProperty("processes").EnumerateArray().First(process => process.GetProperty("name").GetString() == server).GetProperty("pid").GetInt32();

    /// <summary>The process that an instance (<c>orders-1</c>) runs as now, or null; it changes when the instance is started again.</summary>
    public int? CurrentProcessId(string instance)
    {
        var (name, number) = (instance.Split('-')[0], instance.Split('-')[1]);
        return ProcessTree.Descendants(_appHost.ProcessId)
            .Where(process => process.Has("OTEL_SERVICE_NAME", name) && process.Has("OTEL_RESOURCE_ATTRIBUTES", $"service.instance.id={number}"))
            .Select(process => (int?)process.Id)
            .FirstOrDefault();
    }

    /// <summary>Command lines of everything that the AppHost has started.</summary>
    public IEnumerable<string> Processes() => ProcessTree.Descendants(_appHost.ProcessId).Select(process => process.CommandLine());

    /// <summary>How many confirmed orders Operations has heard of.</summary>
    public async Task<long> ConfirmedOrdersAsync(CancellationToken cancellationToken)
    {
        using var operations = new HttpClient();
        using var answer = await operations.GetAsync($"{Address("operations")}/api/summary", cancellationToken);
        var events = (await Json.ReadAsync(answer, cancellationToken)).GetProperty("events");
        return events.TryGetProperty("OrderConfirmed", out var confirmed) ? confirmed.GetInt64() : 0;
    }

    /// <summary>
    /// Until every instance confirms orders at once. One that a test has made slow accepts them for later, and checks them then, until traffic has proved that it is well again: so there
    /// is some.
    /// </summary>
    public async Task WellAsync(CancellationToken cancellationToken)
    {
        const int InARow = 20;
        var orders = new Orders(Gateway);
        var sku = await orders.StockedAsync(100_000, cancellationToken);
        var confirmed = 0;
        await Eventually.Async(
            async () =>
            {
                var (answer, _) = await orders.PlaceAsync(sku, 1, cancellationToken);
                confirmed = answer.StatusCode == HttpStatusCode.Created && !answer.Headers.Contains("x-degraded") ? confirmed + 1 : 0;
                return confirmed == InARow;
            },
            cancellationToken);
    }

    public async ValueTask InitializeAsync()
    {
        _appHost = AppHostProcess.Start(("Operator__Key", OperatorKey));
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(3));
        _addresses = await _appHost.ReadyAsync(patience.Token);
        Gateway = new HttpClient { BaseAddress = new Uri(Address("gateway")) };
    }

    public async ValueTask DisposeAsync()
    {
        Gateway?.Dispose();
        await _appHost.DisposeAsync();
    }
}
