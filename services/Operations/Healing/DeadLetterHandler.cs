using Microsoft.Extensions.Options;
using Npgsql;
using ResilientShop.Resilience.Durable.Messaging;

namespace ResilientShop.Operations.Healing;

/// <summary>Keeps dead letters and opens a ticket for each, in the transaction of the inbox: neither is lost, none is there twice. Thread-safe.</summary>
internal sealed class DeadLetterHandler(IOptions<HealingOptions> options, TimeProvider time) : IMessageHandler<ArrivedLetter>
{
    public ArrivedLetter Decode(ReadOnlySpan<byte> payload, string? type) => ArrivedLetter.Parse(payload);

    public async Task HandleAsync(
        IReadOnlyList<ConsumedMessage<ArrivedLetter>> messages, NpgsqlConnection connection, NpgsqlTransaction transaction, CancellationToken cancellationToken)
    {
        // A letter that was sent by two messages is one letter.
        var letters = messages.Select(message => message.Value).DistinctBy(letter => letter.Letter.Id).ToList();
        await using var batch = new NpgsqlBatch(connection, transaction);
        foreach (var letter in letters)
        {
            if (HealingSql.LockTicket(letter) is { } locking)
            {
                batch.BatchCommands.Add(locking);
            }

            batch.BatchCommands.Add(HealingSql.Keep(letter, options.Value, time.GetUtcNow()));
        }

        await batch.ExecuteNonQueryAsync(cancellationToken);
    }
}
