namespace ResilientShop.Resilience.Etcd;

/// <summary>How services' degradation is kept in etcd. Immutable.</summary>
public sealed record EtcdFleetOptions
{
    /// <summary>Default of <see cref="Prefix"/>.</summary>
    public const string DefaultPrefix = "/degradation";

    /// <summary>A key a service is below this one. Default <see cref="DefaultPrefix"/>.</summary>
    public string Prefix { get; init; } = DefaultPrefix;

    /// <summary>How long what an instance said outlives it: 2 s to 1 h. Default 10 s.</summary>
    public TimeSpan Lease { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Checks everything.</summary>
    /// <exception cref="PolicyInvalidException">With all that is wrong.</exception>
    internal void Validate() => PolicyErrors.ThrowIfAny(errors =>
    {
        errors.Require(
            "etcd's DegradationPrefix", $"'{Prefix}'", EtcdLayout.IsValid(Prefix), "must be segments of letters, digits, '.', '-' and '_' with a '/' before each, such as /degradation");
        errors.Require(
            "etcd's degradation lease", FormattableString.Invariant($"{Lease.TotalSeconds} s"), Lease >= TimeSpan.FromSeconds(2) && Lease <= TimeSpan.FromHours(1), "must be from 2 s to 1 h");
    });
}
