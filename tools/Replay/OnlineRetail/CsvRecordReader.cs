using System.Runtime.CompilerServices;
using CsvHelper;

namespace Replay.OnlineRetail;

/// <summary>
/// Cuts lines into CSV records and finds its feet again after a broken one. To a plain CSV parser a quote that is never closed is
/// one field up to the end of the file; here it costs its own line only.
/// </summary>
/// <param name="lines">The lines of the file.</param>
/// <param name="isGood">Tells that a record makes sense. A line that does so on its own is never taken for the inside of somebody else's quotes.</param>
internal sealed class CsvRecordReader(IAsyncEnumerable<PhysicalLine> lines, Predicate<CsvRecord> isGood)
{
    /// <summary>Most lines that one record may span, that is line breaks inside quoted fields plus one.</summary>
    public const int MaxLinesPerRecord = 20;

    private const int ShownCharacters = 80;

    // A quote inside a field that is not quoted (12" RULER) is an inch sign: the reader keeps it as text, which is its default.
    private static readonly CsvReaderOptions Dialect = new() { Separator = ',', HasHeader = false, BufferSize = 1024 };

    private readonly Queue<PhysicalLine> _ahead = new();
    private int? _expectedFields;

    /// <summary>Reads the records; lines of white space are skipped. The first record decides how many fields the others have.</summary>
    public async IAsyncEnumerable<CsvRecord> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var source = lines.GetAsyncEnumerator(cancellationToken);
        while (await LookAheadAsync(source, 1))
        {
            var line = _ahead.Dequeue();
            if (line.TooLong)
            {
                yield return new CsvRecord(line.Number, [], $"a line of more than {PhysicalLineReader.MaxLineBytes} bytes");
            }
            else if (!string.IsNullOrWhiteSpace(line.Text))
            {
                var text = await JoinQuotedLinesAsync(source, line);
                var record = text is null
                    ? new CsvRecord(line.Number, [Shorten(line.Text)], "a quoted field is never closed")
                    : Parse(line.Number, text);
                _expectedFields ??= record.Fields.Count;
                yield return record;
            }
        }
    }

    private static CsvRecord Parse(int line, string text)
    {
        using var reader = CsvReader.FromText(text, Dialect);
        var fields = reader.Read() ? reader.Current.ToArray() : [];
        return fields.Length > 0 && !reader.Read()
            ? new CsvRecord(line, fields)
            : new CsvRecord(line, [Shorten(text)], "not a CSV record");
    }

    private static string Shorten(string text) => text.Length <= ShownCharacters ? text : string.Concat(text.AsSpan(0, ShownCharacters), "...");

    /// <summary>The text of the record that starts with <paramref name="first"/>, or null when its quotes do not close sensibly.</summary>
    private async ValueTask<string?> JoinQuotedLinesAsync(IAsyncEnumerator<PhysicalLine> source, PhysicalLine first)
    {
        if (!RecordShape.Of(first.Text).EndsInsideQuotes)
        {
            return first.Text;
        }

        var text = first.Text;
        for (var extra = 1; extra < MaxLinesPerRecord && await LookAheadAsync(source, extra); extra++)
        {
            var next = _ahead.ElementAt(extra - 1);
            if (next.TooLong || StandsAlone(next))
            {
                return null;
            }

            text = $"{text}\n{next.Text}";
            if (RecordShape.Of(text) is { EndsInsideQuotes: false } shape)
            {
                return HasAllFields(shape) ? TakeJoined(text, extra) : null;
            }
        }

        return null;
    }

    private bool StandsAlone(PhysicalLine line) =>
        RecordShape.Of(line.Text) is var shape && HasAllFields(shape) && (!shape.HasStrayQuote || isGood(Parse(line.Number, line.Text)));

    private bool HasAllFields(RecordShape shape) => shape.IsWellFormed && shape.FieldCount == (_expectedFields ?? shape.FieldCount);

    private string TakeJoined(string text, int extraLines)
    {
        for (var i = 0; i < extraLines; i++)
        {
            _ahead.Dequeue();
        }

        return text;
    }

    private async ValueTask<bool> LookAheadAsync(IAsyncEnumerator<PhysicalLine> source, int count)
    {
        while (_ahead.Count < count && await source.MoveNextAsync())
        {
            _ahead.Enqueue(source.Current);
        }

        return _ahead.Count >= count;
    }
}
