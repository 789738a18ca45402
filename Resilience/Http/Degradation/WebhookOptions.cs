namespace ResilientShop.Resilience.Http;

/// <summary>Whom to tell when a service is broken.</summary>
public sealed class WebhookOptions
{
    /// <summary>Where a POST with the change as JSON goes; null for nobody. It may hold a secret and is never logged.</summary>
    public Uri? Address { get; set; }

    /// <summary>The level from which on somebody is told, on the way there and back. Default <see cref="DegradationLevel.Broken"/>.</summary>
    public DegradationLevel From { get; set; } = DegradationLevel.Broken;
}
