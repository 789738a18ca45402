using Npgsql;

namespace ResilientShop.Resilience.Durable.Messaging;

/// <summary>Says at start what a consumer's database lacks, instead of failing with the first bad message.</summary>
internal static class ConsumerSchema
{
    /// <exception cref="InvalidOperationException">A table is missing; the message says how to add it.</exception>
    /// <exception cref="NpgsqlException">The database cannot be asked.</exception>
    public static async Task RequireAsync(NpgsqlDataSource dataSource, string topic, CancellationToken cancellationToken)
    {
        await using var command = dataSource.CreateCommand(
            "SELECT to_regclass('durable.inbox') IS NOT NULL, to_regclass('durable.outbox') IS NOT NULL, to_regclass('durable.consumer_progress') IS NOT NULL");
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        Require(reader.GetBoolean(0), "durable.inbox", nameof(DurableSchema.Inbox), topic);
        Require(reader.GetBoolean(1), "durable.outbox", nameof(DurableSchema.Outbox), topic);
        Require(reader.GetBoolean(2), "durable.consumer_progress", nameof(DurableSchema.Inbox), topic);
    }

    public static InvalidOperationException NoOutbox(string topic) => new(
        $"The consumer of topic '{topic}' needs an outbox: what it cannot handle goes to {DeadLetter.Topic} through it. "
        + "Call services.AddOutbox(), and add DurableSchema.Outbox to the scripts of AddMigrations.");

    private static void Require(bool exists, string table, string part, string topic)
    {
        if (!exists)
        {
            throw new InvalidOperationException(
                $"The consumer of topic '{topic}' needs table {table}, which its database does not have. Add DurableSchema.{part} to the scripts of AddMigrations.");
        }
    }
}
