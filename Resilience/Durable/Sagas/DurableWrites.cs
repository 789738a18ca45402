using Npgsql;

namespace ResilientShop.Resilience.Durable.Sagas;

/// <summary>
/// Carries a saga's write through a short absence of the database. Repeating is safe: a write that did arrive either changes nothing the second
/// time or is fenced. It gives up after the lease, because then the saga may belong to someone else.
/// </summary>
internal sealed class DurableWrites(SagaOptions options, TimeProvider time)
{
    private static readonly TimeSpan BaseDelay = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan MaxDelay = TimeSpan.FromSeconds(1);

    public async Task<WriteResult> ThroughAsync(Func<CancellationToken, Task<WriteResult>> write, CancellationToken cancellationToken)
    {
        var deadline = Deadline.After(options.Lease, time);
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                return await write(cancellationToken);
            }
            catch (NpgsqlException exception) when (exception.IsPassing() && !deadline.HasExpired)
            {
                var wait = Backoff.WithJitter(
                    Backoff.Exponential(BaseDelay, MaxDelay, attempt), Backoff.DefaultJitterFactor, Random.Shared.NextDouble());
                await Task.Delay(wait, time, cancellationToken);
            }
        }
    }
}
