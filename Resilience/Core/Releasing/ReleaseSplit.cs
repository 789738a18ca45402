using System.IO.Hashing;
using System.Text;

namespace ResilientShop.Resilience;

/// <summary>Draws the release of those who did not choose: the same for a session as long as a release lasts, and who has the canary keeps it when its share grows.</summary>
public static class ReleaseSplit
{
    /// <summary>Whether a session goes to the canary.</summary>
    /// <param name="releaseId">Tells one release from the next.</param>
    /// <param name="session">The session, or the key of a message.</param>
    /// <param name="share">The canary's share, from 0 to 1.</param>
    public static bool IsCanary(string releaseId, string session, double share) => share > 0 && Draw(releaseId, session) < share;

    /// <summary>A number from 0 to below 1 that is always the same for these two and evenly spread over sessions.</summary>
    public static double Draw(string releaseId, string session)
    {
        ArgumentNullException.ThrowIfNull(releaseId);
        ArgumentNullException.ThrowIfNull(session);
        return (XxHash3.HashToUInt64(Encoding.UTF8.GetBytes($"{releaseId}\n{session}")) >> 11) * (1.0 / (1UL << 53));
    }
}
