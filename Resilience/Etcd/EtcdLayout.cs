using System.Globalization;
using Google.Protobuf;

namespace ResilientShop.Resilience.Etcd;

/// <summary>Which keys hold what. Immutable.</summary>
internal sealed class EtcdLayout
{
    public const string ExpectedPrefix = "must be segments of letters, digits, '.', '-' and '_' with a '/' before each, such as /retry/config, and must not end in audit or acks";

    public EtcdLayout(string prefix)
    {
        // The whole prefix has a slash, its parent may be nothing.
        var parent = prefix[..prefix.LastIndexOf('/')];
        Config = new EtcdRange($"{prefix}/");
        Audit = new EtcdRange($"{parent}/audit/");
        Acknowledgements = new EtcdRange($"{parent}/acks/");
    }

    /// <summary>The scopes.</summary>
    public EtcdRange Config { get; }

    /// <summary>Who changed what and why, a key a change, written with the change: the key's revision is the change's.</summary>
    public EtcdRange Audit { get; }

    /// <summary>What instances say, each under the lease of its process.</summary>
    public EtcdRange Acknowledgements { get; }

    public static bool IsValid(string prefix) =>
        prefix.Split('/') is ["", _, ..] and var segments
        && segments[1..].All(segment => segment.Length > 0 && segment.All(character => char.IsAsciiLetterOrDigit(character) || character is '.' or '-' or '_'))
        && segments[^1] is not ("audit" or "acks");

    /// <summary>A key that no other change has; sorted by name, they are in the order of the clocks that made them.</summary>
    public ByteString NewAuditKey(DateTimeOffset now) =>
        Audit.Key(string.Create(CultureInfo.InvariantCulture, $"{now.UtcDateTime:yyyyMMdd'T'HHmmss.fff'Z'}-{Guid.NewGuid():N}"));

    /// <summary>Names are escaped: whatever they contain, a key has a service and an instance.</summary>
    public ByteString AcknowledgementKey(string service, string instance) =>
        Acknowledgements.Key($"{Uri.EscapeDataString(service)}/{Uri.EscapeDataString(instance)}");

    public override string ToString() => Config.Prefix[..^1];
}

/// <summary>All keys that begin with a prefix, which ends in '/'.</summary>
internal sealed record EtcdRange(string Prefix)
{
    /// <summary>The first key of the range.</summary>
    public ByteString Start { get; } = ByteString.CopyFromUtf8(Prefix);

    /// <summary>The first key after the range: '0' follows '/'.</summary>
    public ByteString End { get; } = ByteString.CopyFromUtf8($"{Prefix[..^1]}0");

    public ByteString Key(string name) => ByteString.CopyFromUtf8(Prefix + name);

    public string NameOf(ByteString key) => key.ToStringUtf8()[Prefix.Length..];
}
