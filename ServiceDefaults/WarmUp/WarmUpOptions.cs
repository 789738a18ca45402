using System.ComponentModel.DataAnnotations;

namespace ResilientShop.ServiceDefaults.WarmUp;

/// <summary>How a service warms up.</summary>
public sealed class WarmUpOptions
{
    /// <summary>How often every path is taken; 0, the default, for not at all.</summary>
    [Range(0, 1000)]
    public int Rounds { get; set; }

    /// <summary>After so many milliseconds the service is ready, warm or not.</summary>
    [Range(1, 60_000)]
    public int LimitMs { get; set; } = 5000;
}
