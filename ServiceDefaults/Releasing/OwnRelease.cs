using Microsoft.Extensions.Configuration;
using ResilientShop.Resilience;

namespace ResilientShop.ServiceDefaults.Releasing;

/// <summary>Which release of its service a process is: setting <c>Release:Channel</c>.</summary>
public static class OwnRelease
{
    /// <summary>Name of the setting.</summary>
    public const string Setting = "Release:Channel";

    /// <summary>The release; stable where nothing is set.</summary>
    /// <exception cref="InvalidOperationException">The setting is neither stable nor canary.</exception>
    public static ReleaseChannel OwnReleaseChannel(this IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        var value = configuration[Setting];
        return string.IsNullOrEmpty(value) || ReleaseChannels.TryParse(value, out _)
            ? ReleaseChannels.Stored(value)
            : throw new InvalidOperationException($"{Setting} is '{value}'; it must be stable or canary.");
    }
}
