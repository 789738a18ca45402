using System.Buffers;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Unicode;

namespace Replay.OnlineRetail;

/// <summary>
/// Splits a stream into lines (LF, CRLF or CR) without reading it whole. A line that is not valid UTF-8 is read as Latin-1,
/// which has a character for every byte: exports of the data set mix both, and one odd byte must not cost the file.
/// </summary>
internal sealed class PhysicalLineReader(Stream stream)
{
    /// <summary>Longest line that is kept, in bytes. The rest of a longer one is skipped, so memory stays bounded.</summary>
    public const int MaxLineBytes = 1024 * 1024;

    private const int BufferBytes = 64 * 1024;
    private const byte CarriageReturn = (byte)'\r';
    private const byte LineFeed = (byte)'\n';

    private static readonly SearchValues<byte> LineEnds = SearchValues.Create(CarriageReturn, LineFeed);

    private readonly ArrayBufferWriter<byte> _line = new();
    private bool _tooLong;
    private bool _afterCarriageReturn;
    private int _number;

    /// <summary>Reads the lines. The last one needs no line end.</summary>
    /// <exception cref="RetailFileException">The file is UTF-16 or UTF-32.</exception>
    public async IAsyncEnumerable<PhysicalLine> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var buffer = new byte[BufferBytes];
        for (var first = true; ; first = false)
        {
            var count = await stream.ReadAtLeastAsync(buffer, first ? 4 : 1, throwOnEndOfStream: false, cancellationToken);
            if (first)
            {
                RefuseWideEncodings(buffer.AsSpan(0, count));
            }

            if (count == 0)
            {
                break;
            }

            for (var position = 0; TryTakeLine(buffer.AsSpan(0, count), ref position) is { } line;)
            {
                yield return line;
            }
        }

        if (_line.WrittenCount > 0 || _tooLong)
        {
            yield return EndLine();
        }
    }

    private static void RefuseWideEncodings(ReadOnlySpan<byte> start)
    {
        if (start is [0xFF, 0xFE, ..] or [0xFE, 0xFF, ..] or [0, 0, 0xFE, 0xFF, ..])
        {
            throw new RetailFileException("the file is UTF-16 or UTF-32; save it as UTF-8");
        }
    }

    private PhysicalLine? TryTakeLine(ReadOnlySpan<byte> bytes, ref int position)
    {
        if (_afterCarriageReturn && position < bytes.Length)
        {
            _afterCarriageReturn = false;
            position += bytes[position] == LineFeed ? 1 : 0;
        }

        var rest = bytes[position..];
        var end = rest.IndexOfAny(LineEnds);
        if (end < 0)
        {
            Keep(rest);
            position = bytes.Length;
            return null;
        }

        Keep(rest[..end]);
        position += end + 1;
        _afterCarriageReturn = rest[end] == CarriageReturn;
        return EndLine();
    }

    private void Keep(ReadOnlySpan<byte> part)
    {
        _tooLong |= _line.WrittenCount + part.Length > MaxLineBytes;
        if (!_tooLong)
        {
            _line.Write(part);
        }
    }

    private PhysicalLine EndLine()
    {
        var bytes = _line.WrittenSpan;
        var text = (Utf8.IsValid(bytes) ? Encoding.UTF8 : Encoding.Latin1).GetString(bytes);
        var line = new PhysicalLine(++_number, _number == 1 ? text.TrimStart('\uFEFF') : text, _tooLong);
        _line.ResetWrittenCount();
        _tooLong = false;
        return line;
    }
}
