namespace ResilientShop.Resilience;

/// <summary>A chaos experiment that is under way, as whoever runs it says. Immutable.</summary>
/// <param name="Services">Whom it is done to; empty where that is not said: it may be anybody.</param>
/// <param name="Fault">What is done to them, in a few words; null where that is not said.</param>
/// <param name="By">Who runs it; null where that is not said.</param>
/// <param name="Since">Since when; null where that is not said.</param>
public sealed record RunningExperiment(IReadOnlyList<string> Services, string? Fault, string? By, DateTimeOffset? Since)
{
    /// <summary>Whether any of these services may feel it.</summary>
    public bool Concerns(IReadOnlySet<string> services)
    {
        ArgumentNullException.ThrowIfNull(services);
        return Services.Count == 0 || Services.Any(services.Contains);
    }
}
