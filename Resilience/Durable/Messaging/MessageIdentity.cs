using System.Security.Cryptography;
using System.Text;

namespace ResilientShop.Resilience.Durable.Messaging;

/// <summary>By what a message is recognised.</summary>
internal static class MessageIdentity
{
    private const int MaxLength = 200;

    /// <summary>
    /// The sender's identifier, or the position for a sender that names none: a redelivery has the same. An identifier that the inbox could not
    /// store (too long for its index, or with a zero character) is stood for by its digest, or one such message would stop its partition for ever.
    /// </summary>
    public static string Of(string? header, string position) => header switch
    {
        null or "" => position,
        { Length: <= MaxLength } when !header.Contains('\0', StringComparison.Ordinal) => header,
        _ => "sha256:" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(header))),
    };
}
