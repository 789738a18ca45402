using Npgsql;

namespace ResilientShop.Resilience.Durable.Messaging;

/// <summary>Forgets old messages a few at a time while there is nothing else to do. Not thread-safe.</summary>
internal sealed class InboxCleaner(NpgsqlDataSource dataSource, string consumer, TimeSpan retention, TimeProvider time)
{
    private const int Limit = 5_000;
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(10);
    private long _cleanedAt = time.GetTimestamp();

    public async Task CleanAsync(CancellationToken cancellationToken)
    {
        if (time.GetElapsedTime(_cleanedAt) < Interval)
        {
            return;
        }

        var forgotten = await Inbox.ForgetAsync(dataSource, consumer, retention, Limit, cancellationToken);
        if (forgotten < Limit)
        {
            _cleanedAt = time.GetTimestamp();
        }
    }
}
