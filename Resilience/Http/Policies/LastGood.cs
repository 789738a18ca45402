using Microsoft.Extensions.Logging;
using ResilientShop.Resilience.Policies;

namespace ResilientShop.Resilience.Http;

/// <summary>Keeps what is in force on disk; a disk that is full must not keep policies from changing.</summary>
internal static partial class LastGood
{
    public static void Keep(PolicyCache cache, StoredPolicies stored, ILogger logger)
    {
        try
        {
            cache.Write(stored);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            LogNotKept(logger, exception.Message);
        }
    }

    [LoggerMessage(LogLevel.Warning, "The policies in force could not be kept for a restart: {Reason}")]
    private static partial void LogNotKept(ILogger logger, string reason);
}
