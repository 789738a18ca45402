using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Resilience.Tests.Messaging;

/// <summary>A database with outbox and inbox.</summary>
internal sealed class MessagingWorld : IAsyncDisposable
{
    private MessagingWorld(string connectionString)
    {
        ConnectionString = connectionString;
        DataSource = NpgsqlDataSource.Create(connectionString);
    }

    public static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public string ConnectionString { get; }

    public NpgsqlDataSource DataSource { get; }

    public OutboxOptions Options { get; } = new()
    {
        Linger = TimeSpan.FromMilliseconds(5),
        PollInterval = TimeSpan.FromMilliseconds(100),
        LeaderInterval = TimeSpan.FromMilliseconds(50),
        MaxBackoff = TimeSpan.FromMilliseconds(100),
    };

    public static async Task<MessagingWorld> CreateAsync(PostgresServer server)
    {
        var database = await server.CreateDatabaseAsync();
        await new DatabaseMigrator(
            [.. DurableSchema.Outbox, .. DurableSchema.Inbox, new MigrationScript("effects.sql", "CREATE TABLE effects (seq int GENERATED ALWAYS AS IDENTITY, text text)")],
            new MigrationOptions(),
            TimeProvider.System,
            NullLogger<DatabaseMigrator>.Instance).MigrateAsync(database, Cancel);
        return new MessagingWorld(database);
    }

    public RelayInstance AddRelay(IOutboxPublisher publisher) => new(DataSource, publisher, Options);

    /// <summary>Records messages as handled so long ago.</summary>
    public Task RecordOldAsync(int count, string age = "8 days") => ExecuteAsync(
        $"INSERT INTO durable.inbox (consumer, message_id, received_at) SELECT 'test', 'old-' || i, now() - interval '{age}' FROM generate_series(1, {count}) AS i");

    public async Task AppendAsync(params string[] texts)
    {
        await using var batch = DataSource.CreateBatch();
        foreach (var text in texts)
        {
            Outbox.Append(batch, new OutboxMessage(Guid.NewGuid(), "trips", text.Split(':')[0], "Trip", System.Text.Encoding.UTF8.GetBytes(text)));
        }

        await batch.ExecuteNonQueryAsync(Cancel);
    }

    /// <summary>The letters that wait in the outbox, in their order.</summary>
    public async Task<IReadOnlyList<DeadLetter>> LettersAsync()
    {
        await using var command = DataSource.CreateCommand("SELECT payload FROM durable.outbox WHERE topic = 'dlq.events.v1' ORDER BY id");
        await using var reader = await command.ExecuteReaderAsync(Cancel);
        var letters = new List<DeadLetter>();
        while (await reader.ReadAsync(Cancel))
        {
            letters.Add(DeadLetter.Parse(reader.GetFieldValue<byte[]>(0)));
        }

        return letters;
    }

    /// <summary>Waits for what a status tells, which follows the rows.</summary>
    public static async Task UntilAsync(Func<bool> isReached)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        while (!isReached())
        {
            await timer.WaitForNextTickAsync(Cancel);
        }
    }

    /// <summary>Texts of the effects in their order, one after the other.</summary>
    public Task<string> EffectsAsync() => ScalarAsync<string>("SELECT coalesce(string_agg(text, '' ORDER BY seq), '') FROM effects");

    public async Task<T> ScalarAsync<T>(string sql)
    {
        await using var command = DataSource.CreateCommand(sql);
        return (T)(await command.ExecuteScalarAsync(Cancel))!;
    }

    public async Task ExecuteAsync(string sql)
    {
        await using var command = DataSource.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(Cancel);
    }

    public async Task UntilAsync(string sql)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        while (!await ScalarAsync<bool>(sql))
        {
            await timer.WaitForNextTickAsync(Cancel);
        }
    }

    public Task UntilSentAsync() => UntilAsync("SELECT count(*) = 0 FROM durable.outbox WHERE parked_at IS NULL");

    public ValueTask DisposeAsync() => DataSource.DisposeAsync();
}

/// <summary>What one process has of the outbox.</summary>
internal sealed class RelayInstance(NpgsqlDataSource dataSource, IOutboxPublisher publisher, OutboxOptions options) : IAsyncDisposable
{
    private readonly OutboxRelay _relay = new(
        dataSource,
        publisher,
        new OutboxSignal(),
        new OutboxMetrics(TimeProvider.System),
        Options.Create(options),
        TimeProvider.System,
        NullLogger<OutboxRelay>.Instance);

    public Task StartAsync() => _relay.StartAsync(MessagingWorld.Cancel);

    public async ValueTask DisposeAsync()
    {
        await _relay.StopAsync(CancellationToken.None);
        _relay.Dispose();
        publisher.Dispose();
    }
}

/// <summary>A broker that fails as scripted and remembers what it took.</summary>
internal sealed class FakePublisher : IOutboxPublisher
{
    private readonly Lock _gate = new();

    public Queue<Func<IReadOnlyList<OutboxRow>, PublishResult>> Script { get; } = new();

    public List<string> Sent { get; } = [];

    public int Batches { get; private set; }

    /// <summary>Whether every batch fails as it does when no broker answers.</summary>
    public volatile bool IsAway;

    public Task<PublishResult> PublishAsync(IReadOnlyList<OutboxRow> rows, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            Batches++;
            if (IsAway)
            {
                throw new PublishException("broker away");
            }

            var result = Script.TryDequeue(out var scripted) ? scripted(rows) : new PublishResult([.. rows.Select(row => row.Id)], []);
            Sent.AddRange(rows.Where(row => result.Acknowledged.Contains(row.Id)).Select(row => System.Text.Encoding.UTF8.GetString(row.Message.Payload)));
            return Task.FromResult(result);
        }
    }

    public void Dispose()
    {
        // Nothing is held.
    }
}
