namespace ResilientShop.Resilience.Http;

/// <summary>
/// A connection of HTTP/1.1 that takes a server's silence for a failure: when it closes the connection after a request and before the first byte of an
/// answer, reading fails. To <see cref="SocketsHttpHandler"/> that end alone means "try again", up to three times and without asking: it would be a retry
/// layer below the tiers, which spends no budget and sends even a POST without a body again after the server has read it. Used as its handler uses a
/// connection: one reader, one writer.
/// </summary>
internal sealed class AnsweredStream(Stream connection) : Stream
{
    private volatile bool _isAwaiting;
    private volatile bool _isUpgraded;

    public override bool CanRead => connection.CanRead;

    public override bool CanWrite => connection.CanWrite;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>For <see cref="SocketsHttpHandler.PlaintextStreamFilter"/>. HTTP/2 and 3 tell themselves what was not processed.</summary>
    public static ValueTask<Stream> Filter(SocketsHttpPlaintextStreamFilterContext context, CancellationToken cancellationToken) =>
        ValueTask.FromResult(context.NegotiatedHttpVersion.Major == 1 ? new AnsweredStream(context.PlaintextStream) : context.PlaintextStream);

    public override int Read(Span<byte> buffer)
    {
        var read = connection.Read(buffer);
        Check(buffer, read);
        return read;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = await connection.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        Check(buffer.Span, read);
        return read;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        _isAwaiting = true;
        connection.Write(buffer);
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        _isAwaiting = true;
        return connection.WriteAsync(buffer, cancellationToken);
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Flush() => connection.Flush();

    public override Task FlushAsync(CancellationToken cancellationToken) => connection.FlushAsync(cancellationToken);

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            connection.Dispose();
        }

        base.Dispose(disposing);
    }

    private void Check(ReadOnlySpan<byte> buffer, int read)
    {
        if (read > 0)
        {
            // Another protocol from here on, for which an end may be an answer.
            _isUpgraded |= _isAwaiting && buffer[..read].StartsWith("HTTP/1.1 101"u8);
            _isAwaiting = false;
        }
        else if (_isAwaiting && !_isUpgraded && buffer.Length > 0)
        {
            throw new HttpIOException(HttpRequestError.ResponseEnded, "The server closed the connection before it answered; whether it acted is open.");
        }
    }
}
