using Microsoft.Extensions.Options;
using Npgsql;
using static ResilientShop.Resilience.Durable.Idempotency.IdempotencySql;

namespace ResilientShop.Resilience.Durable.Idempotency;

/// <summary>
/// Keeps answers in PostgreSQL, for any number of instances and across their deaths. One round trip to begin, one to complete. Leases and
/// retention run on the server's clock, so the clocks of instances need not agree. Thread-safe. The schema is
/// <see cref="DurableSchema.Idempotency"/>.
/// </summary>
/// <remarks>
/// <b>Once, whatever dies:</b> put <see cref="AppendCompletion"/> into the batch that has the effect. Then the effect and the answer commit
/// together or not at all, and an owner whose claim was taken over cannot commit its effect any more.
/// </remarks>
public sealed class PostgresIdempotencyStore : IIdempotencyStore
{
    private static readonly TimeSpan BaseDelay = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan MaxDelay = TimeSpan.FromSeconds(1);

    private readonly NpgsqlDataSource _dataSource;
    private readonly PostgresIdempotencyOptions _options;
    private readonly TimeProvider _time;

    /// <summary>A store in the database of <paramref name="dataSource"/>.</summary>
    /// <param name="dataSource">Where the table is. It is not disposed by the store.</param>
    /// <param name="options">Retention and patience.</param>
    /// <param name="time">Clock of the pauses between attempts to store an answer; nothing else.</param>
    public PostgresIdempotencyStore(NpgsqlDataSource dataSource, IOptions<PostgresIdempotencyOptions> options, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(dataSource);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);
        (_dataSource, _options, _time) = (dataSource, options.Value, time);
    }

    /// <summary>
    /// Adds to a batch the statement that stores <paramref name="answer"/>. Run the batch as one transaction with the effect: a batch without a
    /// transaction of its own is one. When the claim is not held any more it fails, see <see cref="IsClaimLost"/>, and nothing of the
    /// transaction takes effect.
    /// </summary>
    /// <param name="batch">The batch that has the effect.</param>
    /// <param name="claim">The claim of the request that is carried out.</param>
    /// <param name="answer">The answer to give, now and to every repeat.</param>
    public static void AppendCompletion(NpgsqlBatch batch, IdempotencyClaim claim, StoredAnswer answer)
    {
        ArgumentNullException.ThrowIfNull(batch);
        ArgumentNullException.ThrowIfNull(answer);
        batch.BatchCommands.Add(CompleteCommand(claim, answer));
    }

    /// <summary>
    /// Whether a batch with <see cref="AppendCompletion"/> failed because the claim was taken over, abandoned, or answered otherwise.
    /// </summary>
    public static bool IsClaimLost(PostgresException exception)
    {
        ArgumentNullException.ThrowIfNull(exception);
        return exception.SqlState == ClaimLostState;
    }

    /// <inheritdoc/>
    /// <exception cref="NpgsqlException">The database cannot be reached or refuses.</exception>
    public async Task<IdempotencyDecision> BeginAsync(Sha256Digest id, Sha256Digest requestHash, TimeSpan lease, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(lease, TimeSpan.Zero);
        while (true)
        {
            await using var command = _dataSource.CreateCommand(Begin);
            command.Parameters.Add(Value(id.ToArray()));
            command.Parameters.Add(Value(requestHash.ToArray()));
            command.Parameters.Add(Value(lease));
            command.Parameters.Add(Value(_options.Retention));
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            if (await reader.ReadAsync(cancellationToken))
            {
                return Read(reader, id);
            }

            // Somebody committed a change of the row between the insert and the look at it; every turn of the loop is progress elsewhere.
        }
    }

    /// <inheritdoc/>
    /// <exception cref="NpgsqlException">The database cannot be reached within
    /// <see cref="PostgresIdempotencyOptions.CompletionPatience"/>.</exception>
    public async Task<bool> CompleteAsync(IdempotencyClaim claim, StoredAnswer answer, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(answer);
        var patience = Deadline.After(_options.CompletionPatience, _time);
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                await using var batch = _dataSource.CreateBatch();
                batch.BatchCommands.Add(CompleteCommand(claim, answer));
                await batch.ExecuteNonQueryAsync(cancellationToken);
                return true;
            }
            catch (PostgresException exception) when (IsClaimLost(exception))
            {
                return false;
            }
            catch (NpgsqlException exception) when (exception.IsPassing() && !patience.HasExpired)
            {
                // The effect is there already: an answer that is not stored now means that a repeat acts again.
                var wait = Backoff.WithJitter(
                    Backoff.Exponential(BaseDelay, MaxDelay, attempt), Backoff.DefaultJitterFactor, Random.Shared.NextDouble());
                await Task.Delay(wait, _time, cancellationToken);
            }
        }
    }

    /// <inheritdoc/>
    /// <exception cref="NpgsqlException">The database cannot be reached; the key is free once the lease has ended.</exception>
    public async Task AbandonAsync(IdempotencyClaim claim, CancellationToken cancellationToken)
    {
        await using var command = _dataSource.CreateCommand(Abandon);
        command.Parameters.Add(Value(claim.Id.ToArray()));
        command.Parameters.Add(Value(claim.Token));
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Deletes keys that are older than the retention, at most <paramref name="limit"/> of them. A claim under way is left alone.</summary>
    /// <returns>How many were deleted.</returns>
    /// <exception cref="NpgsqlException">The database cannot be reached.</exception>
    public async Task<int> ForgetAsync(int limit, CancellationToken cancellationToken)
    {
        await using var command = _dataSource.CreateCommand(Forget);
        command.Parameters.Add(Value(_options.Retention));
        command.Parameters.Add(Value(limit));
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
