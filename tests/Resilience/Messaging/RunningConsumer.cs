using System.Text;
using Confluent.Kafka;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using ResilientShop.Resilience.Durable.Messaging;
using ResilientShop.Tests;

namespace ResilientShop.Resilience.Tests.Messaging;

/// <summary>A consumer that runs until it is disposed.</summary>
internal sealed class RunningConsumer(MessagingWorld world, MockKafka kafka, EffectHandler handler) : IAsyncDisposable
{
    private KafkaConsumer<string>? _consumer;

    public ConsumerStatus Status { get; } = new();

    private Task StartAsync()
    {
        var options = new KafkaConsumerOptions { Topic = "trips", GroupId = "test", PollInterval = TimeSpan.FromMilliseconds(5), MaxBackoff = TimeSpan.FromMilliseconds(100) };
        _consumer = new KafkaConsumer<string>(
            kafka.BootstrapServers, options, world.DataSource, handler, Status, TimeProvider.System, NullLogger<KafkaConsumer<string>>.Instance);
        return _consumer.StartAsync(MessagingWorld.Cancel);
    }

    public static async Task<RunningConsumer> StartAsync(MessagingWorld world, MockKafka kafka, EffectHandler? handler = null)
    {
        var consumer = new RunningConsumer(world, kafka, handler ?? new EffectHandler());
        await consumer.StartAsync();
        return consumer;
    }

    public async ValueTask DisposeAsync()
    {
        await _consumer!.StopAsync(CancellationToken.None);
        _consumer.Dispose();
    }
}

/// <summary>Writes what it gets into a table.</summary>
internal sealed class EffectHandler : IMessageHandler<string>
{
    public int FailuresLeft { get; set; }

    public string Decode(ReadOnlySpan<byte> payload, string? type)
    {
        var text = Encoding.UTF8.GetString(payload);
        return text == "broken" ? throw new FormatException("broken on purpose") : text;
    }

    public async Task HandleAsync(
        IReadOnlyList<ConsumedMessage<string>> messages, NpgsqlConnection connection, NpgsqlTransaction transaction, CancellationToken cancellationToken)
    {
        foreach (var message in messages)
        {
            await using var command = new NpgsqlCommand("INSERT INTO effects (text) VALUES ($1)", connection, transaction)
            {
                Parameters = { new() { Value = message.Value } },
            };
            await command.ExecuteNonQueryAsync(cancellationToken);
        }

        if (FailuresLeft > 0)
        {
            FailuresLeft--;
            throw new InvalidOperationException("not yet");
        }
    }
}
