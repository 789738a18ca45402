using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace ResilientShop.Resilience.Durable;

/// <summary>Identifiers that follow from what they identify: version 8 of RFC 9562, 122 bits of a SHA-256.</summary>
internal static class DeadLetterId
{
    public static Guid Derive(params IEnumerable<string?> parts)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> length = stackalloc byte[4];
        foreach (var part in parts)
        {
            // With their lengths, so that "ab", "c" is not "a", "bc", and what is absent is not what is empty.
            var bytes = part is null ? [] : Encoding.UTF8.GetBytes(part);
            BinaryPrimitives.WriteInt32BigEndian(length, part is null ? -1 : bytes.Length);
            hash.AppendData(length);
            hash.AppendData(bytes);
        }

        Span<byte> id = stackalloc byte[32];
        hash.GetHashAndReset(id);
        id[6] = (byte)((id[6] & 0x0F) | 0x80);
        id[8] = (byte)((id[8] & 0x3F) | 0x80);
        return new Guid(id[..16], bigEndian: true);
    }
}
