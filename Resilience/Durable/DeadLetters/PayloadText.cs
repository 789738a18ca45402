using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;

namespace ResilientShop.Resilience.Durable;

/// <summary>
/// Bytes of a payload as text that fits into a letter: as they are where they are UTF-8, else base64. Text that JSON would blow up beyond what base64
/// takes (many control characters or quotes) becomes base64 too, so a letter has an upper bound.
/// </summary>
internal static class PayloadText
{
    public const string Utf8Encoding = "utf-8";
    public const string Base64Encoding = "base64";

    /// <summary>What the most bytes that are kept take as base64.</summary>
    private const int MaxEncoded = (DeadLetter.MaxPayloadBytes + 2) / 3 * 4;

    public static (string Text, string Encoding) Encode(ReadOnlySpan<byte> bytes)
    {
        var text = bytes[..TextLength(bytes)];
        if (Utf8.IsValid(text))
        {
            var decoded = Encoding.UTF8.GetString(text);
            if (JsonEncodedText.Encode(decoded, JavaScriptEncoder.UnsafeRelaxedJsonEscaping).EncodedUtf8Bytes.Length <= MaxEncoded)
            {
                return (decoded, Utf8Encoding);
            }
        }

        return (Convert.ToBase64String(bytes[..Math.Min(bytes.Length, DeadLetter.MaxPayloadBytes)]), Base64Encoding);
    }

    public static byte[] Decode(string text, string encoding) =>
        encoding == Base64Encoding ? Convert.FromBase64String(text) : Encoding.UTF8.GetBytes(text);

    /// <summary>How many bytes are kept as text: a character is kept whole or not at all.</summary>
    private static int TextLength(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length <= DeadLetter.MaxPayloadBytes)
        {
            return bytes.Length;
        }

        var end = DeadLetter.MaxPayloadBytes;
        while (end > DeadLetter.MaxPayloadBytes - 3 && (bytes[end] & 0xC0) == 0x80)
        {
            end--;
        }

        return end;
    }
}
