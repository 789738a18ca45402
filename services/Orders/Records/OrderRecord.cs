using ResilientShop.Contracts;

namespace ResilientShop.Orders.Records;

/// <summary>An order as it is stored now.</summary>
internal sealed record OrderRecord(OrderView View, byte[] ContentHash, bool AnsweredPending, DateTimeOffset? ConfirmedAt)
{
    /// <summary>The cheaper way by which its creation was answered; null for the normal way.</summary>
    public string? AnsweredDegraded { get; init; }

    /// <summary>Whether the saga has come to an end, at least once.</summary>
    public bool HasOutcome => ConfirmedAt is not null || View.Status == OrderStatus.Cancelled;
}
