using Npgsql;
using ResilientShop.Contracts;
using ResilientShop.Operations.OrderFlow;
using ResilientShop.Resilience;
using ResilientShop.Resilience.Durable.Messaging;

namespace ResilientShop.Operations.Canary;

/// <summary>The handler of the canary, with the defect that a drill gives it. Thread-safe.</summary>
internal sealed class CanaryOrderEvents(OrderEventHandler handler, ConsumerDefect defect, TimeProvider time) : IMessageHandler<OrderEvent>
{
    public OrderEvent Decode(ReadOnlySpan<byte> payload, string? type) => handler.Decode(payload, type);

    public async Task HandleAsync(
        IReadOnlyList<ConsumedMessage<OrderEvent>> messages, NpgsqlConnection connection, NpgsqlTransaction transaction, CancellationToken cancellationToken)
    {
        var current = defect.Current;
        if (current.LatencyMs > 0)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(current.LatencyMs), time, cancellationToken);
        }

        // The same messages fail however often they are tried.
        if (messages.FirstOrDefault(message => ReleaseSplit.Draw("defect", message.Value.OrderId.ToString()) < current.FailRatio) is { } failing)
        {
            throw new InvalidOperationException($"The canary cannot handle events of order {failing.Value.OrderId}: a drill wants it so.");
        }

        await handler.HandleAsync(messages, connection, transaction, cancellationToken);
    }
}
