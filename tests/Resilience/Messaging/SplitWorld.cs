using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Npgsql;

namespace Resilience.Tests.Messaging;

/// <summary>A message as one of the groups handled it.</summary>
internal sealed record HandledMessage(bool ByCanary, int Partition, long Offset, string Key, string Text);

/// <summary>Writes down who handled what, and at which position.</summary>
internal sealed partial class SplitHandler(string run, bool isCanary) : IMessageHandler<string>
{
    /// <summary>Does what a test wants to a message, after its effect was written.</summary>
    public Func<ConsumedMessage<string>, Task> OnMessage { get; set; } = _ => Task.CompletedTask;

    public string Decode(ReadOnlySpan<byte> payload, string? type)
    {
        var text = Encoding.UTF8.GetString(payload);
        return text.StartsWith("broken", StringComparison.Ordinal) ? throw new FormatException("broken on purpose") : text;
    }

    public async Task HandleAsync(
        IReadOnlyList<ConsumedMessage<string>> messages, NpgsqlConnection connection, NpgsqlTransaction transaction, CancellationToken cancellationToken)
    {
        foreach (var message in messages)
        {
            var position = Position().Match(message.Position);
            await EffectHandler.ExecuteAsync(
                connection,
                transaction,
                "INSERT INTO handled (run, by_canary, partition, place, key, text) VALUES ($1, $2, $3, $4, $5, $6)",
                run,
                isCanary,
                int.Parse(position.Groups[1].ValueSpan, CultureInfo.InvariantCulture),
                long.Parse(position.Groups[2].ValueSpan, CultureInfo.InvariantCulture),
                message.Key,
                message.Value);
            await OnMessage(message);
        }
    }

    public static Task CreateTableAsync(MessagingWorld world) => world.ExecuteAsync(
        """
        CREATE TABLE handled (
          seq int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, run text NOT NULL, by_canary boolean NOT NULL, partition int NOT NULL, place bigint NOT NULL,
          key text NOT NULL, text text NOT NULL, UNIQUE (run, text))
        """);

    /// <summary>What was handled, in that order.</summary>
    public static async Task<IReadOnlyList<HandledMessage>> ReadAsync(MessagingWorld world, string run)
    {
        await using var command = world.DataSource.CreateCommand("SELECT by_canary, partition, place, key, text FROM handled WHERE run = $1 ORDER BY seq");
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = run });
        await using var reader = await command.ExecuteReaderAsync(MessagingWorld.Cancel);
        var handled = new List<HandledMessage>();
        while (await reader.ReadAsync(MessagingWorld.Cancel))
        {
            handled.Add(new HandledMessage(reader.GetBoolean(0), reader.GetInt32(1), reader.GetInt64(2), reader.GetString(3), reader.GetString(4)));
        }

        return handled;
    }

    [GeneratedRegex(@"\[\[(\d+)\]\] @(\d+)$")]
    private static partial Regex Position();
}
