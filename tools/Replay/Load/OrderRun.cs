using Replay.Shop;

namespace Replay.Load;

/// <summary>
/// What became of one order. Written by the order's own task and, after <see cref="Answered"/>, by its cancellation; read by others when both are over.
/// </summary>
internal sealed class OrderRun(PlannedOrder order)
{
    private readonly TaskCompletionSource _answered = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The order as planned.</summary>
    public PlannedOrder Order => order;

    /// <summary>Completes when the order was answered, or the retries are used up. Never fails.</summary>
    public Task Answered => _answered.Task;

    /// <summary>The final answer to the POST.</summary>
    public ShopAnswer<OrderView>? Answer { get; private set; }

    /// <summary>The order's id in the shop, where an answer told it.</summary>
    public Guid? Id { get; private set; }

    /// <summary>The last status seen; null when the shop has not taken the order.</summary>
    public string? Status { get; private set; }

    /// <summary>Why the order was cancelled, where it was.</summary>
    public string? FailureCode { get; private set; }

    /// <summary>From the time the order was due to its answer, retries included.</summary>
    public TimeSpan? Latency { get; private set; }

    /// <summary>From the time the order was really sent to its answer.</summary>
    public TimeSpan? ServiceTime { get; private set; }

    /// <summary>When the order was first seen confirmed, as a timestamp of the clock.</summary>
    public long? ConfirmedAt { get; private set; }

    /// <summary>When the order was first sent, as a timestamp of the clock.</summary>
    public long SentAt { get; set; }

    /// <summary>When the order was first seen confirmed or cancelled, as a timestamp of the clock.</summary>
    public long? EndedAt { get; private set; }

    /// <summary>True when the order had not come to rest when its time to settle was over.</summary>
    public bool IsLate { get; set; }

    /// <summary>True once the shop accepted a cancellation of the order.</summary>
    public bool CancelAccepted { get; set; }

    /// <summary>True when the order is neither confirmed nor cancelled although the shop took it.</summary>
    public bool IsPending => Id is not null && Status is not (OrderStatus.Confirmed or OrderStatus.Cancelled);

    /// <summary>True when nobody knows what the shop did with the order, so the stock of its skus cannot be predicted.</summary>
    public bool IsInDoubt => IsPending || (Id is null && Answer is null or { Status: 0 or >= 500 or (>= 200 and < 300) });

    /// <summary>Takes the answer to the POST.</summary>
    public void Take(ShopAnswer<OrderView> answer, TimeSpan latency, TimeSpan serviceTime, long now)
    {
        Answer = answer;
        Latency = latency;
        ServiceTime = serviceTime;
        if (answer.Body is { } view && view.Id != Guid.Empty)
        {
            Id = view.Id;
            See(view, now);
        }
        else if (answer is { Status: 409, Problem: { OrderId: { } id } problem })
        {
            Id = id;
            Status = OrderStatus.Cancelled;
            FailureCode = problem.Code;
            EndedAt = now;
        }
    }

    /// <summary>Takes a later look at the order.</summary>
    public void See(OrderView view, long now)
    {
        Status = view.Status;
        FailureCode = view.Failure?.Code;
        if (view.Status == OrderStatus.Confirmed)
        {
            ConfirmedAt ??= now;
        }

        if (!IsPending)
        {
            EndedAt ??= now;
        }
    }

    /// <summary>Lets cancellations of this order go on.</summary>
    public void CompleteAnswer() => _answered.TrySetResult();
}
