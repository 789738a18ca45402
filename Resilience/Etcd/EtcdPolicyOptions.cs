using System.Globalization;
using ResilientShop.Resilience.Policies;

namespace ResilientShop.Resilience.Etcd;

/// <summary>
/// Where the policies are in etcd, and how to be let in. Immutable. Everything is checked by the store's constructor, see <see cref="PolicyInvalidException"/>;
/// <see cref="ToString"/> and every message leave the password out.
/// </summary>
public sealed record EtcdPolicyOptions
{
    /// <summary>Default of <see cref="Prefix"/>.</summary>
    public const string DefaultPrefix = "/retry/config";

    // Etcd makes leases longer that are shorter than one and a half of its election timeouts.
    private static readonly TimeSpan ShortestLease = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LongestLease = TimeSpan.FromHours(1);

    /// <summary>Addresses of the cluster's members, separated by commas, for example <c>http://127.0.0.1:2379</c>.</summary>
    public required string Endpoints { get; init; }

    /// <summary>
    /// The keys of the scopes are below this one; those of the audit and of the acknowledgements are below its siblings <c>audit</c> and <c>acks</c>.
    /// Default <see cref="DefaultPrefix"/>.
    /// </summary>
    public string Prefix { get; init; } = DefaultPrefix;

    /// <summary>User of etcd; null where etcd asks for none.</summary>
    public string? Username { get; init; }

    /// <summary>The user's password.</summary>
    public string? Password { get; init; }

    /// <summary>PEM file of the authority that signed etcd's certificate; null to trust what the machine trusts.</summary>
    public string? CaFile { get; init; }

    /// <summary>PEM file of our own certificate, where etcd asks for one.</summary>
    public string? CertFile { get; init; }

    /// <summary>PEM file of the key of <see cref="CertFile"/>.</summary>
    public string? KeyFile { get; init; }

    /// <summary>How long an acknowledgement outlives a process that died: 2 s to 1 h, whole seconds are kept. Default 15 s.</summary>
    public TimeSpan AcknowledgementLease { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>The addresses of <see cref="Endpoints"/>, in their order.</summary>
    internal IReadOnlyList<Uri> Addresses => [.. Split(Endpoints).Select(address => new Uri(address))];

    /// <summary>
    /// Reads a connection string: addresses alone (<c>http://a:2379,http://b:2379</c>), or <c>Endpoints=...;Prefix=...;Username=...</c> with the names of the
    /// properties and <c>AcknowledgementLease</c> in seconds.
    /// </summary>
    /// <exception cref="PolicyInvalidException">It cannot be read, or something in it is wrong.</exception>
    public static EtcdPolicyOptions Parse(string connectionString)
    {
        ArgumentNullException.ThrowIfNull(connectionString);
        var options = EtcdConnectionString.Read(connectionString);
        options.Validate();
        return options;
    }

    /// <summary>Addresses, prefix and user.</summary>
    public override string ToString() => $"etcd {string.Join(',', Split(Endpoints).Select(WithoutUser))} {Prefix}{(Username is null ? "" : $" as {Username}")}";

    /// <summary>Checks everything.</summary>
    /// <exception cref="PolicyInvalidException">With all that is wrong.</exception>
    internal void Validate() => PolicyErrors.ThrowIfAny(errors =>
    {
        ValidateEndpoints(errors);
        errors.Require("etcd's Prefix", PolicyNode.Quote(Prefix), EtcdLayout.IsValid(Prefix), EtcdLayout.ExpectedPrefix);
        errors.Require("etcd's Username", "missing", !string.IsNullOrEmpty(Username) || Password is null, "must be given with Password");
        errors.Require("etcd's Password", "missing", Password is not null || Username is null, "must be given with Username");
        ValidateFiles(errors);
        errors.Require(
            "etcd's AcknowledgementLease", string.Create(CultureInfo.InvariantCulture, $"{AcknowledgementLease.TotalSeconds} s"),
            AcknowledgementLease >= ShortestLease && AcknowledgementLease <= LongestLease, $"must be from {ShortestLease.TotalSeconds} s to {LongestLease.TotalHours} h");
    });

    private void ValidateEndpoints(PolicyErrors errors)
    {
        var addresses = Split(Endpoints);
        errors.Require("etcd's Endpoints", "empty", addresses.Length > 0, "must be addresses such as http://127.0.0.1:2379, separated by ','");
        foreach (var address in addresses)
        {
            var isRight = Uri.TryCreate(address, UriKind.Absolute, out var uri) && uri is { Scheme: "http" or "https", UserInfo: "", PathAndQuery: "/", Fragment: "" };
            errors.Require(
                "etcd's Endpoints", PolicyNode.Quote(WithoutUser(address)), isRight,
                "must be http://host:port or https://host:port; user and password go into Username and Password");
        }
    }

    private void ValidateFiles(PolicyErrors errors)
    {
        foreach (var (name, file) in new[] { (nameof(CaFile), CaFile), (nameof(CertFile), CertFile), (nameof(KeyFile), KeyFile) })
        {
            errors.Require($"etcd's {name}", PolicyNode.Quote(file ?? ""), file is null || File.Exists(file), "must be a PEM file that exists");
            errors.Require(
                $"etcd's {name}", PolicyNode.Quote(file ?? ""), file is null || Endpoints.Contains("https://", StringComparison.OrdinalIgnoreCase),
                "must be left out, or Endpoints be https://");
        }

        errors.Require("etcd's KeyFile", "missing", KeyFile is not null || CertFile is null, "must be given with CertFile");
        errors.Require("etcd's CertFile", "missing", CertFile is not null || KeyFile is null, "must be given with KeyFile");
    }

    private static string[] Split(string endpoints) => endpoints.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private static string WithoutUser(string address) => address.LastIndexOf('@') is >= 0 and var at ? $"...{address[at..]}" : address;
}
