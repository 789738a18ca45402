namespace ResilientShop.Resilience.Durable;

/// <summary>Text of strangers, cut so that a letter always fits into a Kafka message.</summary>
internal static class BoundedText
{
    /// <summary>At most <paramref name="length"/> characters of <paramref name="text"/>, never half of a surrogate pair.</summary>
    public static string? Cut(string? text, int length)
    {
        if (text is null || text.Length <= length)
        {
            return text;
        }

        return text[..(char.IsHighSurrogate(text[length - 1]) ? length - 1 : length)];
    }
}
