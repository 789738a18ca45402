using System.ComponentModel.DataAnnotations;

namespace ResilientShop.Payments.ProviderClient;

/// <summary>How the payment provider is reached. Bound from configuration section <c>Provider</c>.</summary>
internal sealed class ProviderOptions
{
    public const string Section = "Provider";

    /// <summary>Where the provider answers; null stands for the simulated one inside this process.</summary>
    public Uri? BaseAddress { get; set; }

    /// <summary>The longest that one question to the provider may take. Providers are slow by nature; default 2.5 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:01:00")]
    public TimeSpan AttemptTimeout { get; set; } = TimeSpan.FromSeconds(2.5);
}
