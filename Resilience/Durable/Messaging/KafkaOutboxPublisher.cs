using System.Diagnostics;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace ResilientShop.Resilience.Durable.Messaging;

/// <summary>
/// Publishes through one idempotent producer, which keeps the order within a partition even when it repeats a request.
/// A producer that failed is thrown away: after that its sequence numbers can no longer be trusted.
/// </summary>
internal sealed class KafkaOutboxPublisher(string bootstrapServers, TimeSpan acknowledgeTimeout, ILogger logger) : IOutboxPublisher
{
    private IProducer<string, byte[]>? _producer;

    public async Task<PublishResult> PublishAsync(IReadOnlyList<OutboxRow> rows, CancellationToken cancellationToken)
    {
        var producer = _producer ??= Build();
        try
        {
            var reports = new Task<PersistenceReport>[rows.Count];
            for (var i = 0; i < rows.Count; i++)
            {
                reports[i] = Send(producer, rows[i]);
            }

            var results = await Task.WhenAll(reports).WaitAsync(acknowledgeTimeout, cancellationToken);
            return Sort(results);
        }
        catch (Exception exception) when (exception is KafkaException or TimeoutException or OperationCanceledException or PublishException)
        {
            Discard();
            cancellationToken.ThrowIfCancellationRequested();
            throw exception as PublishException ?? new PublishException(exception.Message);
        }
    }

    public void Dispose() => Discard();

    private static PublishResult Sort(PersistenceReport[] reports)
    {
        var inDoubt = Array.Find(reports, report => report.Error.IsError && !IsRefusal(report.Error));
        if (inDoubt is not null)
        {
            throw new PublishException($"{inDoubt.Error.Code}: {inDoubt.Error.Reason}");
        }

        return new PublishResult(
            [.. reports.Where(report => !report.Error.IsError).Select(report => report.Row.Id)],
            [.. reports.Where(report => report.Error.IsError).Select(report => (report.Row, report.Error.Reason))]);
    }

    /// <summary>Errors that repeat however often the same message is sent.</summary>
    private static bool IsRefusal(Error error) =>
        error.Code is ErrorCode.MsgSizeTooLarge or ErrorCode.InvalidMsg or ErrorCode.TopicException or ErrorCode.Local_InvalidArg;

    private static Task<PersistenceReport> Send(IProducer<string, byte[]> producer, OutboxRow row)
    {
        using var activity = DurableTelemetry.Source.StartActivity(
            $"publish {row.Message.Topic}", ActivityKind.Producer, DurableTelemetry.ParentFrom(row.TraceParent));
        activity?.SetTag("messaging.system", "kafka");
        activity?.SetTag("messaging.operation.type", "send");
        activity?.SetTag("messaging.operation.name", "publish");
        activity?.SetTag("messaging.destination.name", row.Message.Topic);
        activity?.SetTag("messaging.message.id", row.Message.MessageId.ToString());
        activity?.SetTag("messaging.kafka.message.key", row.Message.Key);

        var headers = new Headers();
        headers.AddText(MessageHeaders.MessageId, row.Message.MessageId.ToString());
        headers.AddText(MessageHeaders.MessageType, row.Message.Type);
        if ((activity?.Id ?? row.TraceParent) is { } traceparent)
        {
            headers.AddText(MessageHeaders.TraceParent, traceparent);
        }

        if (row.Channel == ReleaseChannel.Canary)
        {
            headers.AddText(ResilienceHeaders.ReleaseChannel, row.Channel.ToName());
        }

        if (row.Message.OnlyGroup is { } group)
        {
            headers.AddText(MessageHeaders.OnlyGroup, group);
        }

        var done = new TaskCompletionSource<PersistenceReport>(TaskCreationOptions.RunContinuationsAsynchronously);
        try
        {
            producer.Produce(
                row.Message.Topic,
                new Message<string, byte[]> { Key = row.Message.Key, Value = row.Message.Payload, Headers = headers },
                report => done.SetResult(new PersistenceReport(row, report.Error)));
        }
        catch (ProduceException<string, byte[]> exception) when (IsRefusal(exception.Error))
        {
            done.SetResult(new PersistenceReport(row, exception.Error));
        }

        return done.Task;
    }

    private IProducer<string, byte[]> Build() =>
        new ProducerBuilder<string, byte[]>(new ProducerConfig
        {
            BootstrapServers = bootstrapServers,
            EnableIdempotence = true,
            Acks = Acks.All,
            LingerMs = 2,
            // Giving up on one message while later ones of its key go through would break their order; the batch gives up as a whole.
            MessageTimeoutMs = 0,
            // Twice a batch of the outbox. A message larger than MessageMaxBytes is refused by itself and parked.
            QueueBufferingMaxKbytes = 2 * OutboxTable.MaxBatchBytes / 1024,
            ReconnectBackoffMaxMs = 2000,
            SocketKeepaliveEnable = true,
            EnableDeliveryReports = true,
        })
        .SetLogHandler((_, message) => KafkaLog.Write(logger, message))
        .SetErrorHandler((_, error) => KafkaLog.Write(logger, error))
        .Build();

    private void Discard()
    {
        var producer = _producer;
        _producer = null;
        producer?.Dispose();
    }

    private sealed record PersistenceReport(OutboxRow Row, Error Error);
}
