namespace ResilientShop.Resilience;

/// <summary>Which release of a service a request belongs to. Breakers keep the two apart: a broken canary must not cut off the stable release.</summary>
public enum ReleaseChannel
{
    /// <summary>The release that everybody gets.</summary>
    Stable,

    /// <summary>The release that is being tried.</summary>
    Canary,
}

/// <summary>Wire names of <see cref="ReleaseChannel"/>.</summary>
public static class ReleaseChannels
{
    /// <summary>Value of <see cref="ResilienceHeaders.ReleaseChannel"/> and of the label <c>channel</c>.</summary>
    public static string ToName(this ReleaseChannel channel) => channel == ReleaseChannel.Canary ? "canary" : "stable";

    /// <summary>Reads a wire name, in any case.</summary>
    /// <returns>False when <paramref name="text"/> names no channel; <paramref name="channel"/> is then stable.</returns>
    public static bool TryParse(string? text, out ReleaseChannel channel)
    {
        channel = string.Equals(text, "canary", StringComparison.OrdinalIgnoreCase) ? ReleaseChannel.Canary : ReleaseChannel.Stable;
        return channel == ReleaseChannel.Canary || string.Equals(text, "stable", StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>What is stored beside work that is done later: null for the stable release, which nearly everything is for.</summary>
    public static string? ToStored(this ReleaseChannel channel) => channel == ReleaseChannel.Stable ? null : channel.ToName();

    /// <summary>Reads what was stored; whatever is no channel is the stable one.</summary>
    public static ReleaseChannel Stored(string? text) => TryParse(text, out var channel) ? channel : ReleaseChannel.Stable;
}
