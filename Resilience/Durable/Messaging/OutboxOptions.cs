using System.ComponentModel.DataAnnotations;

namespace ResilientShop.Resilience.Durable.Messaging;

/// <summary>How the outbox is relayed. Bound from configuration section <c>Outbox</c>.</summary>
public sealed class OutboxOptions
{
    /// <summary>Most rows that are sent before the next look at the table. Default 500.</summary>
    [Range(1, 10_000)]
    public int BatchSize { get; set; } = 500;

    /// <summary>Pause between two batches, so that many small transactions share one. Default 20 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:10")]
    public TimeSpan Linger { get; set; } = TimeSpan.FromMilliseconds(20);

    /// <summary>How often to look without having been woken. Default 2 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:10:00")]
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>How often an instance that is not the relay tries to become it. Default 1 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:10:00")]
    public TimeSpan LeaderInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How long to wait for acknowledgements before the connection to the broker is made anew. Default 30 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:10:00")]
    public TimeSpan AcknowledgeTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Longest pause after a failure. Default 5 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:10:00")]
    public TimeSpan MaxBackoff { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How long the oldest message may wait before a warning is logged, once until it is over. Default 30 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan AlarmAfter { get; set; } = TimeSpan.FromSeconds(30);
}
