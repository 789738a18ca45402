using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace ResilientShop.Resilience;

/// <summary>
/// Hashes a sequence of parts so that no two sequences give the same bytes: every text is preceded by its length, so <c>("ab", "c")</c> and
/// <c>("a", "bc")</c> differ, and a text that is not there differs from an empty one. Not thread-safe.
/// </summary>
internal sealed class DigestWriter : IDisposable
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    public DigestWriter Text(string? text)
    {
        var bytes = text is null ? [] : Encoding.UTF8.GetBytes(text);
        Span<byte> length = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(length, text is null ? -1 : bytes.Length);
        _hash.AppendData(length);
        _hash.AppendData(bytes);
        return this;
    }

    /// <summary>Adds bytes without their length; only the last part of a sequence may come this way.</summary>
    public void LastBytes(ReadOnlySpan<byte> bytes) => _hash.AppendData(bytes);

    public Sha256Digest Finish()
    {
        Span<byte> digest = stackalloc byte[Sha256Digest.Size];
        _hash.GetHashAndReset(digest);
        return new Sha256Digest(digest);
    }

    public void Dispose() => _hash.Dispose();
}
