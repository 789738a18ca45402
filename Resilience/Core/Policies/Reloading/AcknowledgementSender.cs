using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace ResilientShop.Resilience.Policies;

/// <summary>
/// Tells the store what this instance runs, apart from taking it into use: a slow store must not hold up a change. Only the latest is sent, again and again until
/// the store has taken it. Thread-safe.
/// </summary>
internal sealed partial class AcknowledgementSender(IPolicyStore store, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly Channel<Acknowledgement> _latest = Channel.CreateBounded<Acknowledgement>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest });

    public void Send(Acknowledgement acknowledgement) => _latest.Writer.TryWrite(acknowledgement);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var isTold = false;
        try
        {
            while (true)
            {
                var acknowledgement = await _latest.Reader.ReadAsync(cancellationToken).ConfigureAwait(false);
                try
                {
                    await store.AcknowledgeAsync(acknowledgement, cancellationToken).ConfigureAwait(false);
                    isTold = false;
                }
                catch (PolicyStoreException exception)
                {
                    if (!isTold)
                    {
                        LogUnsent(logger, acknowledgement.Revision, exception.Message);
                    }

                    isTold = true;
                    await Task.Delay(Pause, time, cancellationToken).ConfigureAwait(false);
                    if (_latest.Reader.Count == 0)
                    {
                        Send(acknowledgement);
                    }
                }
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            LogEnded(logger);
        }
    }

    [LoggerMessage(LogLevel.Warning, "The store could not be told that revision {Revision} is in force, and will be: {Reason}")]
    private static partial void LogUnsent(ILogger logger, long revision, string reason);

    [LoggerMessage(LogLevel.Debug, "Acknowledgements are no longer sent")]
    private static partial void LogEnded(ILogger logger);
}
