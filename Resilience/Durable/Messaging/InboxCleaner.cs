using Npgsql;

namespace ResilientShop.Resilience.Durable.Messaging;

/// <summary>
/// Forgets old messages, a bounded number before each batch, also while messages never stop coming. A round begins once a minute and goes on
/// with every batch until nothing old is left; it forgets twice what a full batch brings, so it always catches up. Not thread-safe.
/// </summary>
internal sealed class InboxCleaner(NpgsqlDataSource dataSource, string consumer, TimeSpan retention, int batchSize, TimeProvider time)
{
    private const int MinLimit = 1_000;
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);
    private readonly int _limit = Math.Max(MinLimit, 2 * batchSize);

    // The first round is due at once: a process that never lives long would else never clean.
    private long? _cleanedAt;

    public async Task CleanAsync(CancellationToken cancellationToken)
    {
        if (_cleanedAt is { } at && time.GetElapsedTime(at) < Interval)
        {
            return;
        }

        if (await Inbox.ForgetAsync(dataSource, consumer, retention, _limit, cancellationToken) < _limit)
        {
            _cleanedAt = time.GetTimestamp();
        }
    }
}
