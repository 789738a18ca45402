using System.ComponentModel.DataAnnotations;

namespace ResilientShop.Resilience.Durable.Messaging;

/// <summary>What a consumer reads and how. Validated at start.</summary>
public sealed class KafkaConsumerOptions
{
    /// <summary>Kafka topic.</summary>
    [Required]
    public string Topic { get; set; } = "";

    /// <summary>Consumer group; also the name of the inbox. A canary has the name of the group whose canary it is.</summary>
    [Required]
    public string GroupId { get; set; } = "";

    /// <summary>
    /// Whether this is the canary: it reads as the group <c>GroupId-canary</c> and handles the keys that <see cref="ConsumerSplits"/> gives it, out of
    /// the same database and inbox as the stable group. Default no.
    /// </summary>
    public bool IsCanary { get; set; }

    /// <summary>
    /// The name under which a release gate compares the canary with the stable group, while there is a split: how long messages take and whether they can be handled is counted
    /// in <c>resilience.release.*</c> with this name as <c>dependency</c>. It needs <see cref="ResilienceMetrics"/> among the services. Default: not compared.
    /// </summary>
    public string? ReleaseName { get; set; }

    internal ReleaseChannel Channel => IsCanary ? ReleaseChannel.Canary : ReleaseChannel.Stable;

    internal string ReadingGroup => IsCanary ? $"{GroupId}-canary" : GroupId;

    /// <summary>Most messages in one transaction. Default 500.</summary>
    [Range(1, 10_000)]
    public int BatchSize { get; set; } = 500;

    /// <summary>How often to look for messages while there are none. Default 50 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:00:10")]
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromMilliseconds(50);

    /// <summary>Longest pause after a failure. Default 5 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:10:00")]
    public TimeSpan MaxBackoff { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How often the handling of a message may fail before it goes to the dead letters. Default 3. Failures are counted in memory: a restart costs a
    /// bad message more attempts, and nothing else.
    /// </summary>
    [Range(1, 1000)]
    public int MaxFailures { get; set; } = 3;

    /// <summary>Who failed, as the dead letters say it. Default: <c>OTEL_SERVICE_NAME</c>, else the name of the application.</summary>
    public string? ServiceName { get; set; }

    /// <summary>How long the inbox remembers a message; must exceed the longest redelivery. Default 7 days.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "365.00:00:00")]
    public TimeSpan InboxRetention { get; set; } = TimeSpan.FromDays(7);
}
