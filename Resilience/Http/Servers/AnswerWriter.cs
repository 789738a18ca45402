using System.IO.Pipelines;

namespace ResilientShop.Resilience.Http;

/// <summary>Writer of an <see cref="AnswerBody"/>.</summary>
internal sealed class AnswerWriter(AnswerBody body, PipeWriter real) : PipeWriter
{
    /// <inheritdoc/>
    public override bool CanGetUnflushedBytes => real.CanGetUnflushedBytes;

    /// <inheritdoc/>
    public override long UnflushedBytes => real.UnflushedBytes;

    /// <inheritdoc/>
    public override void Advance(int bytes)
    {
        if (bytes > 0)
        {
            body.Hold();
        }

        real.Advance(bytes);
    }

    /// <inheritdoc/>
    public override Memory<byte> GetMemory(int sizeHint = 0) => real.GetMemory(sizeHint);

    /// <inheritdoc/>
    public override Span<byte> GetSpan(int sizeHint = 0) => real.GetSpan(sizeHint);

    /// <inheritdoc/>
    public override async ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        var result = await real.FlushAsync(body.OfCaller(cancellationToken));
        body.Sent();
        return result;
    }

    /// <inheritdoc/>
    public override async ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default)
    {
        body.Hold();
        var result = await real.WriteAsync(source, body.OfCaller(cancellationToken));
        body.Sent();
        return result;
    }

    /// <inheritdoc/>
    public override void CancelPendingFlush() => real.CancelPendingFlush();

    /// <inheritdoc/>
    public override void Complete(Exception? exception = null)
    {
        body.End();
        real.Complete(exception);
    }

    /// <inheritdoc/>
    public override ValueTask CompleteAsync(Exception? exception = null)
    {
        body.End();
        return real.CompleteAsync(exception);
    }
}
