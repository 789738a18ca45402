using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace ResilientShop.Resilience.Durable.Messaging;

/// <summary>
/// Handles batches whole. One that fails is handled again message by message, in order, which shows the bad one; it is tried a few times more, then
/// a dead letter takes the place of its effect and the rest goes on. What cannot be decoded is a dead letter at once. Not thread-safe.
/// </summary>
internal sealed partial class BatchTrials<T>(KafkaConsumerOptions options, InboxTransaction<T> inbox, ILogger logger)
{
    // By position, of messages that failed and are not given up yet: at most one a partition, because the ones behind it wait.
    private readonly Dictionary<TopicPartitionOffset, int> _failedBefore = [];
    private bool _isOneByOne;

    /// <summary>Handles the batch as far as it goes, and marks in it how far that is.</summary>
    /// <returns>What the message at which it stopped failed with; it is to be tried again. Null when all is done.</returns>
    public async Task<Exception?> HandleAsync(ConsumedBatch<T> batch, CancellationToken cancellationToken)
    {
        // Of a message that was alone it is known that the failure is its own.
        if (batch.Whole is var whole && !_isOneByOne && whole.Own.Count != 1)
        {
            if (whole.Places.Count == 0 || await inbox.TryHandleAsync(whole, cancellationToken) is not { } fault)
            {
                batch.Done(whole);
                return null;
            }

            LogOneByOne(options.Topic, whole.Own.Count, fault.Message);
        }

        _isOneByOne = true;
        foreach (var slice in batch.OneByOne())
        {
            if (await inbox.TryHandleAsync(slice, cancellationToken) is { } fault && !await GaveUpAsync(slice, fault, cancellationToken))
            {
                // The ones behind it wait, for they may have its key.
                return fault;
            }

            foreach (var entry in slice.Own)
            {
                _failedBefore.Remove(entry.Result.TopicPartitionOffset);
            }

            batch.Done(slice);
        }

        _isOneByOne = false;
        return null;
    }

    private async Task<bool> GaveUpAsync(ConsumedSlice<T> slice, Exception fault, CancellationToken cancellationToken)
    {
        var entry = slice.Own[0];
        var failures = _failedBefore.GetValueOrDefault(entry.Result.TopicPartitionOffset) + 1;
        _failedBefore[entry.Result.TopicPartitionOffset] = failures;
        if (failures < options.MaxFailures)
        {
            LogFailed(entry.Position, failures, options.MaxFailures, fault.Message);
            return false;
        }

        await inbox.GiveUpAsync(slice, fault, failures, cancellationToken);
        return true;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "A batch of {Count} messages of {Topic} failed and is handled message by message: {Reason}")]
    private partial void LogOneByOne(string topic, int count, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Message at {Position} failed, {Failures} of {MaxFailures} times, and is tried again: {Reason}")]
    private partial void LogFailed(string position, int failures, int maxFailures, string reason);
}
