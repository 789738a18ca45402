namespace ResilientShop.Operations.OrderFlow;

/// <summary>What <c>GET /api/summary</c> answers.</summary>
/// <param name="AsOf">When the numbers were read.</param>
/// <param name="Events">How many events of each type have arrived.</param>
/// <param name="ConfirmedMoney">What confirmed orders that were not cancelled are worth.</param>
/// <param name="RecentEvents">The last events, newest first.</param>
/// <param name="Consumer">How the events arrive.</param>
internal sealed record OrderFlowSummary(
    DateTimeOffset AsOf,
    IReadOnlyDictionary<string, long> Events,
    IReadOnlyList<ConfirmedMoney> ConfirmedMoney,
    IReadOnlyList<RecentEvent> RecentEvents,
    ConsumerView Consumer);

/// <summary>Confirmed orders of one currency.</summary>
internal sealed record ConfirmedMoney(string Currency, long Orders, decimal Amount);

/// <summary>One event.</summary>
internal sealed record RecentEvent(Guid EventId, string Type, Guid OrderId, string Currency, decimal Total, string? FailureCode, DateTimeOffset OccurredAt);

/// <summary>How the events arrive.</summary>
/// <param name="Problem">Why none arrive at the moment; null while all is well.</param>
/// <param name="Handled">Handled since this process started.</param>
/// <param name="Parked">Unreadable since this process started; they are in the dead letters.</param>
/// <param name="DeadLettered">In the dead letters since this process started, the unreadable ones included.</param>
internal sealed record ConsumerView(string? Problem, long Handled, long Parked, long DeadLettered);
