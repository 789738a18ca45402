using System.ComponentModel.DataAnnotations;

namespace ResilientShop.Resilience.Durable.Idempotency;

/// <summary>How answers are kept in PostgreSQL. Bound from configuration section <c>Idempotency</c>.</summary>
public sealed class PostgresIdempotencyOptions
{
    /// <summary>
    /// How long a key is remembered after it was claimed. Default one day: longer than any retry that still belongs to the same attempt at the
    /// same thing. A request that is repeated later acts again.
    /// </summary>
    [Range(typeof(TimeSpan), "00:01:00", "365.00:00:00")]
    public TimeSpan Retention { get; set; } = TimeSpan.FromDays(1);

    /// <summary>How often what is older is deleted. Default 10 min.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan CleaningInterval { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>Most rows that one statement deletes. Default 5,000.</summary>
    [Range(1, 100_000)]
    public int CleaningBatch { get; set; } = 5_000;

    /// <summary>How long to try to store an answer while the database is away. Default 5 s; the caller waits for its answer that long.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:01:00")]
    public TimeSpan CompletionPatience { get; set; } = TimeSpan.FromSeconds(5);
}
