namespace ResilientShop.Resilience.Policies;

/// <summary>Why a store could not do what was asked.</summary>
public enum PolicyStoreFailure
{
    /// <summary>It cannot be reached; trying again may help.</summary>
    Unavailable,

    /// <summary>It refuses us: wrong or missing credentials, or a folder that may not be written.</summary>
    Denied,

    /// <summary>It has changed since the revision that a change was made from.</summary>
    Conflict,

    /// <summary>It has no such revision yet.</summary>
    UnknownRevision,

    /// <summary>The revision is older than what it keeps.</summary>
    Compacted,
}

/// <summary>A store could not do what was asked; <see cref="Failure"/> tells why and the message what to do. It never contains a secret.</summary>
public sealed class PolicyStoreException(PolicyStoreFailure failure, string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>Why.</summary>
    public PolicyStoreFailure Failure { get; } = failure;
}
