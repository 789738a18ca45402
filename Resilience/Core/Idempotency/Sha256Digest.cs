using System.Runtime.Intrinsics;

namespace ResilientShop.Resilience;

/// <summary>
/// The 32 bytes of a SHA-256, as a value: it compares by content and can be a dictionary's key. Immutable, thread-safe.
/// Its text is the first eight bytes in hexadecimal, enough to find something in a log and too little to find what was hashed.
/// </summary>
public readonly struct Sha256Digest : IEquatable<Sha256Digest>
{
    /// <summary>Length in bytes.</summary>
    public const int Size = 32;

    private readonly Vector256<byte> _bytes;

    /// <summary>Takes over the bytes of a finished hash.</summary>
    /// <param name="bytes">Exactly <see cref="Size"/> bytes.</param>
    /// <exception cref="ArgumentException">There are more or fewer bytes.</exception>
    public Sha256Digest(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != Size)
        {
            throw new ArgumentException($"A SHA-256 has {Size} bytes, not {bytes.Length}.", nameof(bytes));
        }

        _bytes = Vector256.Create(bytes);
    }

    /// <summary>A copy of the bytes.</summary>
    public byte[] ToArray()
    {
        var bytes = new byte[Size];
        _bytes.CopyTo(bytes);
        return bytes;
    }

    /// <inheritdoc/>
    public bool Equals(Sha256Digest other) => _bytes == other._bytes;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Sha256Digest other && Equals(other);

    /// <summary>Part of the digest, which is as evenly spread as any hash of it would be.</summary>
    public override int GetHashCode() => _bytes.AsInt32()[0];

    /// <inheritdoc/>
    public override string ToString() => Convert.ToHexStringLower(ToArray().AsSpan(0, 8));

    /// <summary>Whether both are the same.</summary>
    public static bool operator ==(Sha256Digest left, Sha256Digest right) => left.Equals(right);

    /// <summary>Whether they differ.</summary>
    public static bool operator !=(Sha256Digest left, Sha256Digest right) => !left.Equals(right);
}
