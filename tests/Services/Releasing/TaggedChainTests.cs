using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Services.Tests.Releasing;

/// <summary>
/// The channel of ten thousand requests along a whole chain over real connections: an edge that assigns it, HTTP to a service with a canary, gRPC to one without, and a message
/// that leaves by the outbox, through Kafka, to an inbox.
/// </summary>
public sealed class TaggedChainTests(PostgresServer postgres) : IAsyncLifetime
{
    private const int Requests = 10_000;
    private const string Topic = "tagged.v1";

    private readonly MockKafka _kafka = new();
    private readonly Sightings _stable = new();
    private readonly Sightings _canary = new();
    private readonly Sightings _inventory = new();
    private readonly Sightings _consumed = new();
    private readonly List<WebApplication> _apps = [];
    private Uri _edge = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        var database = await postgres.CreateDatabaseAsync();
        await new DatabaseMigrator([.. DurableSchema.Outbox, .. DurableSchema.Inbox], new MigrationOptions(), TimeProvider.System, NullLogger<DatabaseMigrator>.Instance)
            .MigrateAsync(database, Cancel);
        var stable = await PaymentsAsync(_stable);
        var canary = await PaymentsAsync(_canary);
        _edge = await EdgeAsync(database, stable, canary, await InventoryAsync());
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var app in Enumerable.Reverse(_apps))
        {
            await app.DisposeAsync();
        }

        _kafka.Dispose();
    }

    [Fact(Timeout = 180_000)]
    public async Task Of_ten_thousand_tagged_requests_none_is_on_the_wrong_side_anywhere()
    {
        var wanted = new ConcurrentDictionary<int, ReleaseChannel>();
        using var client = new HttpClient(new SocketsHttpHandler { UseCookies = false, MaxConnectionsPerServer = 64 }) { BaseAddress = _edge };
        await Parallel.ForEachAsync(Enumerable.Range(0, Requests), new ParallelOptions { MaxDegreeOfParallelism = 64, CancellationToken = TestContext.Current.CancellationToken }, async (number, cancel) =>
        {
            // A third asks for the canary, a third for the stable release; who gets what of the others is drawn.
            using var request = new HttpRequestMessage(HttpMethod.Post, number.ToString(CultureInfo.InvariantCulture));
            var asked = (number % 3) switch { 0 => "canary", 1 => "stable", _ => null };
            request.Headers.Add(ResilienceHeaders.ReleaseChannel, asked is null ? [] : [asked]);
            using var answer = await client.SendAsync(request, cancel);
            answer.IsSuccessStatusCode.ShouldBeTrue(await answer.Content.ReadAsStringAsync(cancel));
            var said = answer.Headers.GetValues(ResilienceHeaders.ReleaseChannel).Single();
            said.ShouldBe(asked ?? said);
            wanted[number] = said == "canary" ? ReleaseChannel.Canary : ReleaseChannel.Stable;
        });
        await _consumed.UntilAsync(Requests);

        wanted.Count(one => one.Key % 3 == 2 && one.Value == ReleaseChannel.Canary).ShouldBeInRange(Requests / 3 / 5, Requests / 3 * 2 / 5, "the split is 70 to 30");
        _canary.Numbers.ShouldBe(wanted.Where(one => one.Value == ReleaseChannel.Canary).Select(one => one.Key), ignoreOrder: true);
        _stable.Numbers.ShouldBe(wanted.Where(one => one.Value == ReleaseChannel.Stable).Select(one => one.Key), ignoreOrder: true);
        foreach (var hop in new[] { _canary, _stable, _inventory, _consumed })
        {
            hop.Seen.Where(seen => seen.Value != wanted[seen.Key]).ShouldBeEmpty();
        }

        _inventory.Numbers.Count.ShouldBe(Requests);
        _consumed.Numbers.Count.ShouldBe(Requests);
    }

    private async Task<Uri> EdgeAsync(string database, Uri stable, Uri canary, Uri inventory)
    {
        var builder = Builder(HttpProtocols.Http1);
        builder.Configuration.AddInMemoryCollection([new("ConnectionStrings:kafka", _kafka.BootstrapServers)]);
        builder.Services.AddResilience();
        builder.Services.AddReleases(_ => new OneRelease());
        builder.Services.AddSingleton(NpgsqlDataSource.Create(database));
        builder.Services.AddOutbox();
        builder.Services.AddSingleton(_consumed);
        builder.Services.AddKafkaConsumer<int, SightingHandler>(consumer => (consumer.Topic, consumer.GroupId) = (Topic, "tagged"));
        builder.Services.AddCanary("payments", asked => new Uri(canary, asked.PathAndQuery));
        builder.Services.AddResilientHttpClient("payments", client => client.BaseAddress = stable);
        builder.Services.AddResilientGrpcClient<InventoryService.InventoryServiceClient>("inventory", client => client.Address = inventory);
        var app = builder.Build();
        app.UseReleaseSessions();
        app.UseCallContext();
        app.MapPost("/{number:int}", async (int number, IHttpClientFactory clients, InventoryService.InventoryServiceClient stock, NpgsqlDataSource data, Outbox outbox, CancellationToken cancel) =>
        {
            using var payments = clients.CreateClient("payments");
            using var paid = await payments.GetAsync(new Uri(number.ToString(CultureInfo.InvariantCulture), UriKind.Relative), cancel);
            paid.EnsureSuccessStatusCode();
            await stock.ReserveAsync(new ReserveRequest { OrderId = number.ToString(CultureInfo.InvariantCulture) }, cancellationToken: cancel);
            await using var batch = data.CreateBatch();
            Outbox.Append(batch, new OutboxMessage(Guid.NewGuid(), Topic, $"key-{number % 100}", "Tagged", Encoding.UTF8.GetBytes(number.ToString(CultureInfo.InvariantCulture))));
            await batch.ExecuteNonQueryAsync(cancel);
            outbox.Committed();
        });
        var address = await StartAsync(app);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        while (app.Services.GetRequiredService<ReleaseState>().Current.Count == 0)
        {
            await timer.WaitForNextTickAsync(Cancel);
        }

        return address;
    }

    private async Task<Uri> PaymentsAsync(Sightings sightings)
    {
        var builder = Builder(HttpProtocols.Http1);
        builder.Services.AddResilience();
        var app = builder.Build();
        app.UseCallContext();
        app.MapGet("/{number:int}", (int number) => sightings.See(number));
        return await StartAsync(app);
    }

    private async Task<Uri> InventoryAsync()
    {
        var builder = Builder(HttpProtocols.Http2);
        builder.Services.AddResilience();
        builder.Services.AddGrpc();
        builder.Services.AddSingleton(_inventory);
        var app = builder.Build();
        app.UseCallContext();
        app.MapGrpcService<Inventory>();
        return await StartAsync(app);
    }

    private async Task<Uri> StartAsync(WebApplication app)
    {
        _apps.Add(app);
        await app.StartAsync(Cancel);
        return new Uri(app.Urls.First());
    }

    private static WebApplicationBuilder Builder(HttpProtocols protocols)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ConfigureEndpointDefaults(endpoint => endpoint.Protocols = protocols));
        return builder;
    }

    /// <summary>What a hop has seen of the requests.</summary>
    private sealed class Sightings
    {
        private readonly ConcurrentQueue<KeyValuePair<int, ReleaseChannel>> _seen = new();

        public IReadOnlyCollection<KeyValuePair<int, ReleaseChannel>> Seen => _seen;

        /// <summary>The requests, each once however often a call was repeated.</summary>
        public IReadOnlyCollection<int> Numbers => [.. _seen.Select(seen => seen.Key).Distinct()];

        public void See(int number) => See(number, CallContext.Current.Channel);

        public void See(int number, ReleaseChannel channel) => _seen.Enqueue(KeyValuePair.Create(number, channel));

        public async Task UntilAsync(int count)
        {
            using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
            while (_seen.Count < count)
            {
                await timer.WaitForNextTickAsync(Cancel);
            }
        }
    }

    /// <summary>A release of Payments at 30 %.</summary>
    private sealed class OneRelease : IReleaseStore
    {
        public string Name => "memory";

        public TimeSpan Lease => TimeSpan.FromSeconds(10);

        public async IAsyncEnumerable<IReadOnlyDictionary<string, FleetRelease>> WatchAsync(Action<PolicyStoreException?> problem, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            yield return new Dictionary<string, FleetRelease> { ["payments"] = new(ReleaseStage.Analysing, 0.3, "r1", "test", "test", DateTimeOffset.UnixEpoch) };
            await Task.Delay(Timeout.Infinite, cancellationToken);
        }

        public Task<bool> AnalyseAsync(string service, FleetRelease release, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task SettleAsync(string service, FleetRelease release, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task ForgetAsync(string service, CancellationToken cancellationToken) => throw new NotSupportedException();

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    private sealed class Inventory(Sightings sightings) : InventoryService.InventoryServiceBase
    {
        public override Task<ReserveReply> Reserve(ReserveRequest request, ServerCallContext context)
        {
            sightings.See(int.Parse(request.OrderId, CultureInfo.InvariantCulture));
            return Task.FromResult(new ReserveReply { Outcome = ReserveReply.Types.Outcome.Reserved });
        }
    }

    private sealed class SightingHandler(Sightings sightings) : IMessageHandler<int>
    {
        public int Decode(ReadOnlySpan<byte> payload, string? type) => int.Parse(payload, CultureInfo.InvariantCulture);

        public Task HandleAsync(IReadOnlyList<ConsumedMessage<int>> messages, NpgsqlConnection connection, NpgsqlTransaction transaction, CancellationToken cancellationToken)
        {
            foreach (var message in messages)
            {
                sightings.See(message.Value, message.Channel);
            }

            return Task.CompletedTask;
        }
    }
}
