using System.Security.Cryptography;
using System.Text;

namespace ResilientShop.Resilience.Policies;

/// <summary>Everything that a store holds at one moment. Immutable.</summary>
/// <param name="Revision">The store's number of this state: later ones are larger.</param>
/// <param name="Sources">The scopes, ordered by name.</param>
public sealed record StoredPolicies(long Revision, IReadOnlyList<PolicySource> Sources)
{
    private string? _digest;

    /// <summary>Whether the store holds nothing.</summary>
    public bool IsEmpty => Sources.Count == 0;

    /// <summary>Names the content, whatever its number: the first 12 hexadecimal digits of its SHA-256. Two instances with one digest run the same.</summary>
    public string Digest => _digest ??= DigestOf(Sources);

    private static string DigestOf(IReadOnlyList<PolicySource> sources)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var source in sources.OrderBy(source => source.Scope, StringComparer.Ordinal))
        {
            hash.AppendData(Encoding.UTF8.GetBytes(source.Scope));
            hash.AppendData([0]);
            hash.AppendData(BitConverter.GetBytes(source.Content.Length));
            hash.AppendData(source.Content.Span);
            if (source.Problem is { } problem)
            {
                hash.AppendData(Encoding.UTF8.GetBytes(problem.Value));
            }
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset())[..12];
    }
}
