namespace Resilience.Tests.Messaging;

/// <summary>A broker address behind which nobody answers, until it is switched.</summary>
internal sealed class SwitchedPublisher(IOutboxPublisher away, IOutboxPublisher back) : IOutboxPublisher
{
    public volatile bool IsBack;

    public TaskCompletionSource HasFailed { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public async Task<PublishResult> PublishAsync(IReadOnlyList<OutboxRow> rows, CancellationToken cancellationToken)
    {
        try
        {
            return await (IsBack ? back : away).PublishAsync(rows, cancellationToken);
        }
        catch (PublishException)
        {
            HasFailed.TrySetResult();
            throw;
        }
    }

    public void Dispose()
    {
        away.Dispose();
        back.Dispose();
    }
}
