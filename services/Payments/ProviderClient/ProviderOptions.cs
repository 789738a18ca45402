namespace ResilientShop.Payments.ProviderClient;

/// <summary>How the payment provider is reached. Bound from configuration section <c>Provider</c>.</summary>
internal sealed class ProviderOptions
{
    public const string Section = "Provider";

    /// <summary>Where the provider answers; null stands for the simulated one inside this process.</summary>
    public Uri? BaseAddress { get; set; }
}
