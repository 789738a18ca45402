using System.ComponentModel.DataAnnotations;

namespace ResilientShop.Resilience.Durable.Sagas;

/// <summary>How sagas are driven. Bound from configuration section <c>Sagas</c>.</summary>
public sealed class SagaOptions
{
    /// <summary>How long an instance that stopped renewing keeps its sagas. Default 5 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:10:00")]
    public TimeSpan Lease { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How often to look for sagas that nobody drives, beside looking when a lease runs out and when told. Default 1 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:10:00")]
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How often to look after sagas that someone waits for and another instance drives. Default 100 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:01:00")]
    public TimeSpan WatchInterval { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Most sagas that this instance drives at the same time. Default 128.</summary>
    [Range(1, 10_000)]
    public int MaxConcurrency { get; set; } = 128;

    /// <summary>Most sagas that wait here for their turn; more are left to whoever has room once their lease runs out. Default 2048.</summary>
    [Range(1, 1_000_000)]
    public int QueueLength { get; set; } = 2048;

    /// <summary>A wait longer than this is spent in the table rather than in memory, so any instance can go on. Default 2 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    public TimeSpan MaxWaitInMemory { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>Longest wait that a dependency's <c>Retry-After</c> can ask for. Default 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    public TimeSpan MaxRetryAfter { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>First wait between two attempts at a compensation; doubles. Default 200 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:10:00")]
    public TimeSpan CompensationBaseDelay { get; set; } = TimeSpan.FromMilliseconds(200);

    /// <summary>Longest wait between two attempts at a compensation. Default 30 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "01:00:00")]
    public TimeSpan CompensationMaxDelay { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Failed attempts at one compensation, or at one step after the pivot, after which a person is asked. Default 10.</summary>
    [Range(1, 1000)]
    public int StuckAfter { get; set; } = 10;

    /// <summary>Age from which an unfinished saga counts as overdue. Default 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "1.00:00:00")]
    public TimeSpan OverdueAfter { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How long a saga that has ended is kept, with its history; after that it cannot be looked at or cancelled any more. Default null: for ever, 2 KB each.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "36500.00:00:00")]
    public TimeSpan? KeepFinished { get; set; }

    /// <summary>How often unfinished, overdue and stuck sagas are counted for the metrics. Default 5 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:10:00")]
    public TimeSpan MeasureInterval { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a stopping instance lets its sagas go on before it hands them over. Default 1.5 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:01:00")]
    public TimeSpan DrainTime { get; set; } = TimeSpan.FromSeconds(1.5);
}
