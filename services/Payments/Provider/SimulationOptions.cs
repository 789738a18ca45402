using System.ComponentModel.DataAnnotations;

namespace ResilientShop.Payments.Provider;

/// <summary>The simulated provider's habits. Bound from configuration section <c>ProviderSimulation</c>.</summary>
internal sealed class SimulationOptions
{
    public const string Section = "ProviderSimulation";

    /// <summary>How long <c>tok_slow</c> takes to answer. Default 1.5 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:01:00")]
    public TimeSpan SlowAnswer { get; set; } = TimeSpan.FromSeconds(1.5);

    /// <summary>How long <c>tok_timeout</c> keeps a caller that does not give up. Default 30 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:05:00")]
    public TimeSpan LongestSilence { get; set; } = TimeSpan.FromSeconds(30);
}
