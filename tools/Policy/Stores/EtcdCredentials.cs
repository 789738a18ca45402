namespace Policy.Stores;

/// <summary>How to be let in by etcd. From environment variables only: a command line is in every list of processes and in the shell's history.</summary>
/// <param name="UserName">ETCD_USERNAME.</param>
/// <param name="Password">ETCD_PASSWORD.</param>
/// <param name="CertificateAuthority">ETCD_CA: file of the authority that signed etcd's certificate.</param>
/// <param name="Certificate">ETCD_CERT: file of our own certificate.</param>
/// <param name="Key">ETCD_KEY: file of its key.</param>
internal sealed record EtcdCredentials(string? UserName, string? Password, string? CertificateAuthority, string? Certificate, string? Key)
{
    /// <summary>Names the user only.</summary>
    public override string ToString() => UserName ?? "nobody";

    /// <summary>Reads them from the environment.</summary>
    public static EtcdCredentials From(Func<string, string?> environment)
    {
        return new(Read("ETCD_USERNAME"), Read("ETCD_PASSWORD"), Read("ETCD_CA"), Read("ETCD_CERT"), Read("ETCD_KEY"));

        string? Read(string name) => environment(name) is { Length: > 0 } value ? value : null;
    }
}
