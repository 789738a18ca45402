using System.Collections.Concurrent;
using System.Text;
using Npgsql;

namespace Resilience.Tests.Messaging;

/// <summary>Writes what it gets into a table. What begins with "broken" cannot be decoded, what begins with "poison" cannot be handled.</summary>
internal sealed class EffectHandler : IMessageHandler<string>
{
    private readonly ConcurrentDictionary<string, int> _attempts = new();

    public int FailuresLeft { get; set; }

    /// <summary>Does what a test wants to a message, after its effect was written.</summary>
    public Func<ConsumedMessage<string>, NpgsqlConnection, NpgsqlTransaction, Task> OnMessage { get; init; } = (_, _, _) => Task.CompletedTask;

    /// <summary>How often the text was handled, alone or with others.</summary>
    public int Attempts(string text) => _attempts.GetValueOrDefault(text);

    public string Decode(ReadOnlySpan<byte> payload, string? type)
    {
        var text = Encoding.UTF8.GetString(payload[..Math.Min(payload.Length, 100)]);
        return text.StartsWith("broken", StringComparison.Ordinal) ? throw new FormatException("broken on purpose") : text;
    }

    public async Task HandleAsync(
        IReadOnlyList<ConsumedMessage<string>> messages, NpgsqlConnection connection, NpgsqlTransaction transaction, CancellationToken cancellationToken)
    {
        foreach (var message in messages)
        {
            _attempts.AddOrUpdate(message.Value, 1, (_, count) => count + 1);
            await ExecuteAsync(connection, transaction, "INSERT INTO effects (text) VALUES ($1)", message.Value);
            await OnMessage(message, connection, transaction);
            if (message.Value.StartsWith("poison", StringComparison.Ordinal))
            {
                throw new InvalidOperationException("poisoned on purpose");
            }
        }

        if (FailuresLeft > 0)
        {
            FailuresLeft--;
            throw new InvalidOperationException("not yet");
        }
    }

    public static async Task ExecuteAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, string sql, params object[] values)
    {
        await using var command = new NpgsqlCommand(sql, connection, transaction);
        foreach (var value in values)
        {
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        }

        await command.ExecuteNonQueryAsync(MessagingWorld.Cancel);
    }
}
