namespace Policy.Stores;

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
        if (!StorePlace.IsEtcd(place))
        {
            return new DirectoryPolicyStore(place, time);
        }

        var options = new EtcdPolicyOptions
        {
            Endpoints = place,
            Username = credentials.UserName,
            Password = credentials.Password,
            CaFile = credentials.CertificateAuthority,
            CertFile = credentials.Certificate,
            KeyFile = credentials.Key,
        };
        try
        {
            return new EtcdPolicyStore(options, time);
        }
        catch (PolicyInvalidException wrong)
        {
            throw new PolicyStoreException(PolicyStoreFailure.Denied, wrong.Message, wrong);
        }
    }
}
