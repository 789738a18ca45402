using ResilientShop.Resilience.Policies;

namespace ResilientShop.Policy.Stores;

/// <summary>The kinds of stores that the tool can open.</summary>
internal static class PolicyStores
{
    /// <summary>Opens a store.</summary>
    /// <param name="place">A place as <see cref="StorePlace.Find"/> gives it.</param>
    /// <param name="credentials">How to be let in, where the store asks.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="PolicyStoreException">It cannot be opened.</exception>
    public static IPolicyStore Open(string place, EtcdCredentials credentials, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(credentials);
        ArgumentNullException.ThrowIfNull(time);
        var kind = StorePlace.IsEtcd(place) ? "etcd" : "a folder";
        throw new PolicyStoreException(PolicyStoreFailure.Unavailable, $"{place}: this build of the tool has no store for {kind}; only 'lint' works with it.");
    }
}
