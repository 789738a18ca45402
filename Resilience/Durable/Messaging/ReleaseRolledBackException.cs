namespace ResilientShop.Resilience.Durable.Messaging;

/// <summary>A release of a consumer's canary was rolled back and stays so. Release again under another id.</summary>
/// <param name="releaseId">The release.</param>
public sealed class ReleaseRolledBackException(string releaseId)
    : InvalidOperationException($"Release '{releaseId}' was rolled back and stays so. Release again under another id.")
{
    /// <summary>The release.</summary>
    public string ReleaseId { get; } = releaseId;
}
