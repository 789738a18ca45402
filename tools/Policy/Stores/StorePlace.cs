using Policy.CommandLine;

namespace Policy.Stores;

/// <summary>Where a store is: addresses of etcd, or a folder.</summary>
internal static class StorePlace
{
    /// <summary>The environment variable that the AppHost gives to services too.</summary>
    public const string Variable = "ConnectionStrings__etcd";

    private const string DefaultFolder = "config";

    /// <summary>The place that was asked for, or the default.</summary>
    /// <param name="asked">The value of --store.</param>
    /// <param name="environment">Environment variables.</param>
    /// <param name="workingFolder">Where the default folder is looked for.</param>
    /// <exception cref="UsageException">There is none, or it is not right.</exception>
    public static string Find(string? asked, Func<string, string?> environment, string workingFolder)
    {
        if (asked is not null)
        {
            return Check(asked, "--store");
        }

        if (environment(Variable) is { Length: > 0 } configured)
        {
            return Check(configured, Variable);
        }

        var folder = Path.Combine(workingFolder, DefaultFolder);
        return Directory.Exists(folder)
            ? folder
            : throw new UsageException(
                $"--store: missing; name etcd (--store http://localhost:2379), a folder (--store {DefaultFolder}), or set {Variable}; there is no folder '{DefaultFolder}' here");
    }

    /// <summary>Whether a place is addresses rather than a folder.</summary>
    public static bool IsEtcd(string place) =>
        place.StartsWith("http://", StringComparison.OrdinalIgnoreCase) || place.StartsWith("https://", StringComparison.OrdinalIgnoreCase);

    private static string Check(string place, string name)
    {
        if (!IsEtcd(place))
        {
            return Directory.Exists(place)
                ? place
                : throw new UsageException($"{name}: '{Shown(place, place)}' is neither addresses such as http://localhost:2379 nor a folder that exists");
        }

        foreach (var address in place.Split(','))
        {
            if (!Uri.TryCreate(address, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https") || uri.UserInfo.Length > 0 || uri.PathAndQuery is not "/")
            {
                throw new UsageException(
                    $"{name}: '{Shown(place, address)}' is not http(s)://host:port; several are separated by ',', and user and password go into ETCD_USERNAME and ETCD_PASSWORD");
            }
        }

        return place;
    }

    // Anything before an '@' may be part of a password, also what a ',' in one cuts off.
    private static string Shown(string place, string part) => place.LastIndexOf('@') is >= 0 and var at ? $"...{place[at..]}" : part;
}
