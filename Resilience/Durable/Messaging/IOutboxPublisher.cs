namespace ResilientShop.Resilience.Durable.Messaging;

/// <summary>Sends rows to the broker in the order given.</summary>
internal interface IOutboxPublisher : IDisposable
{
    /// <summary>Sends all and waits for every acknowledgement.</summary>
    /// <exception cref="PublishException">The broker could not be reached, or not in time; some rows may have arrived.</exception>
    Task<PublishResult> PublishAsync(IReadOnlyList<OutboxRow> rows, CancellationToken cancellationToken);
}

/// <summary>What became of a batch: rows the broker has, and rows it will never take.</summary>
internal sealed record PublishResult(long[] Acknowledged, IReadOnlyList<(OutboxRow Row, string Reason)> Refused);

/// <summary>The batch is in doubt; its rows stay and are sent again.</summary>
internal sealed class PublishException(string message) : Exception(message);
