using System.ComponentModel.DataAnnotations;

namespace ResilientShop.Resilience.Durable.Migrations;

/// <summary>How long a starting service waits for its database. Bound from configuration section <c>Migrations</c>.</summary>
public sealed class MigrationOptions
{
    /// <summary>How long to wait for a server that refuses connections or is still starting up. Default 60 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "01:00:00")]
    public TimeSpan WaitForServer { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>First wait between two tries; doubles up to <see cref="MaxDelay"/>. Default 100 ms.</summary>
    public TimeSpan BaseDelay { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Longest wait between two tries, before jitter. Default 2 s.</summary>
    public TimeSpan MaxDelay { get; set; } = TimeSpan.FromSeconds(2);
}
