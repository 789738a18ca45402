namespace Replay.OnlineRetail;

/// <summary>
/// What the quotes of a CSV text say about it (RFC 4180): how many fields it has, whether it ends inside a quoted field, whether
/// every quoted field is closed right before a comma or the end, and whether a field that is not quoted has a quote in it.
/// </summary>
internal readonly record struct RecordShape(int FieldCount, bool EndsInsideQuotes, bool IsWellFormed, bool HasStrayQuote)
{
    private const char Quote = '"';
    private const char Comma = ',';

    /// <summary>Looks at <paramref name="text"/>. A quote opens a field only as its first character, as in RFC 4180.</summary>
    public static RecordShape Of(ReadOnlySpan<char> text)
    {
        var fields = 1;
        var atFieldStart = true;
        var quotedField = false;
        var insideQuotes = false;
        var wellFormed = true;
        var strayQuote = false;
        foreach (var character in text)
        {
            if (character == Quote && (atFieldStart || quotedField))
            {
                quotedField = true;
                insideQuotes = !insideQuotes;
                atFieldStart = false;
            }
            else if (character == Comma && !insideQuotes)
            {
                fields++;
                atFieldStart = true;
                quotedField = false;
            }
            else
            {
                wellFormed &= insideQuotes || !quotedField;
                strayQuote |= character == Quote;
                atFieldStart = false;
            }
        }

        return new RecordShape(fields, insideQuotes, wellFormed && !insideQuotes, strayQuote);
    }
}
