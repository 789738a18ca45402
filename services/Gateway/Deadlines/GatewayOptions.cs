using System.ComponentModel.DataAnnotations;

namespace ResilientShop.Gateway.Deadlines;

/// <summary>Bound from configuration section <c>Gateway</c>.</summary>
internal sealed class GatewayOptions
{
    public const string Section = "Gateway";

    /// <summary>
    /// How much longer than the deadline the gateway waits, so that a service that answers at the last moment (202, or its own 504) wins
    /// over the gateway's 504. Default 250 ms.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:10")]
    public TimeSpan DeadlineGrace { get; set; } = TimeSpan.FromMilliseconds(250);
}
