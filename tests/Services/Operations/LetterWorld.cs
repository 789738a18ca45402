using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Confluent.Kafka;

namespace Services.Tests.Operations;

/// <summary>Operations that reads dead letters, on a broker and a database of its own, and whoever sends them.</summary>
internal sealed class LetterWorld : IAsyncDisposable
{
    private readonly PostgresServer _postgres;
    private readonly string _database;
    private readonly IProducer<string, byte[]> _producer;
    private OperationsHost _host = null!;

    private readonly (string, string)[] _settings;
    private readonly string _brokers;

    private LetterWorld(PostgresServer postgres, string database, string? brokers, (string, string)[] settings)
    {
        (_postgres, _database, _settings) = (postgres, database, settings);
        _brokers = brokers ?? Kafka.BootstrapServers;
        _producer = new ProducerBuilder<string, byte[]>(new ProducerConfig { BootstrapServers = _brokers }).Build();
    }

    public string Database => _database;

    public MockKafka Kafka { get; } = new();

    public OperationsHost Host => _host;

    public HttpClient Http => _host.Http;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Letters become tickets and wait, unless the settings say otherwise.</summary>
    public static Task<LetterWorld> StartAsync(PostgresServer postgres, params (string, string)[] settings) => StartAsync(postgres, brokers: null, settings);

    /// <summary>The same on brokers that somebody else runs; on a broker of its own where they are null.</summary>
    public static async Task<LetterWorld> StartAsync(PostgresServer postgres, string? brokers, (string, string)[] settings)
    {
        var world = new LetterWorld(postgres, await postgres.CreateDatabaseAsync(), brokers, [("Healing:Automatic", "false"), .. settings]);
        world._host = await world.AddReplicaAsync();
        return world;
    }

    /// <summary>One more instance on the same database and broker.</summary>
    public Task<OperationsHost> AddReplicaAsync(params (string, string)[] settings) =>
        OperationsHost.StartAsync(_postgres, _brokers, [("ConnectionStrings:operationsdb", _database), ("Operator:Key", "secret"), .. _settings, .. settings]);

    public Task<DeliveryResult<string, byte[]>> SendAsync(DeadLetter letter, string? messageId = null) => SendAsync(letter.ToJson(), letter.Key, messageId ?? letter.Id.ToString());

    public Task<DeliveryResult<string, byte[]>> SendAsync(byte[] payload, string key, string messageId) => ProduceAsync(
        new TopicPartition(DeadLetter.Topic, Partition.Any),
        new Message<string, byte[]> { Key = key, Value = payload, Headers = new Headers { { "message-id", Encoding.UTF8.GetBytes(messageId) } } });

    public Task<DeliveryResult<string, byte[]>> ProduceAsync(TopicPartition where, Message<string, byte[]> message) => _producer.ProduceAsync(where, message, Cancel);

    public Task<JsonElement> GetAsync(string path) => Http.GetFromJsonAsync<JsonElement>(path, Cancel);

    /// <summary>The first answer of which <paramref name="isReached"/> holds; what is not there yet is waited for.</summary>
    public async Task<JsonElement> UntilAsync(string path, Func<JsonElement, bool> isReached)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (true)
        {
            using var response = await Http.GetAsync(path, Cancel);
            if (response.StatusCode != HttpStatusCode.NotFound)
            {
                var answer = await response.Content.ReadFromJsonAsync<JsonElement>(Cancel);
                if (isReached(answer))
                {
                    return answer;
                }
            }

            await timer.WaitForNextTickAsync(Cancel);
        }
    }

    /// <summary>Ends the instance, and begins another.</summary>
    public async Task RestartAsync()
    {
        await _host.DisposeAsync();
        _host = await AddReplicaAsync();
    }

    public async ValueTask DisposeAsync()
    {
        _producer.Dispose();
        await _host.DisposeAsync();
        Kafka.Dispose();
    }
}
