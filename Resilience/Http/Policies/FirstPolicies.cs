using Microsoft.Extensions.Logging;
using ResilientShop.Resilience.Policies;

namespace ResilientShop.Resilience.Http;

/// <summary>What a process starts with, before it has heard of its store. Immutable.</summary>
/// <param name="Document">The policies.</param>
/// <param name="Stored">Where they were read from.</param>
/// <param name="Origin">The same for people.</param>
internal sealed partial record FirstPolicies(PolicyDocument Document, StoredPolicies Stored, string Origin)
{
    /// <summary>
    /// The last good ones that this instance has kept, else those of the folder. When the folder's are wrong there is nothing good to stay with, and the process
    /// must not start.
    /// </summary>
    /// <exception cref="PolicyInvalidException">The folder's are wrong.</exception>
    public static FirstPolicies Load(HotPolicyOptions options, ILogger logger)
    {
        if (options.CacheFile is { } file && new PolicyCache(file).Read() is { } kept)
        {
            try
            {
                return new FirstPolicies(CheckedPolicies.Load(kept.Sources).Document, kept, "the last good policies of this instance");
            }
            catch (PolicyInvalidException wrong)
            {
                LogWrongCache(logger, file, wrong.Message);
            }
        }

        if (options.Folder is not { } folder || !Directory.Exists(folder))
        {
            LogNone(logger, options.Folder ?? "none named");
            return new FirstPolicies(PolicyDocument.Empty, new StoredPolicies(0, []), "the library's defaults");
        }

        var stored = new StoredPolicies(0, new PolicyFolder(folder).Read());
        return new FirstPolicies(CheckedPolicies.Load(stored.Sources).Document, stored, "the policies shipped in the folder config");
    }

    [LoggerMessage(LogLevel.Error, "The policies kept in {File} are wrong, and those of the folder hold: {Reason}")]
    private static partial void LogWrongCache(ILogger logger, string file, string reason);

    [LoggerMessage(LogLevel.Warning, "There is no folder of policies ({Folder}); the library's defaults hold until the store is heard of")]
    private static partial void LogNone(ILogger logger, string folder);
}
