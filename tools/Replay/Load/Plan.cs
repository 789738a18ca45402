namespace Replay.Load;

/// <summary>
/// What a run does: stock to set, steps to take in order, and whether the stock suffices for all of them.
/// </summary>
internal sealed record Plan(IReadOnlyList<PlanStep> Steps, IReadOnlyDictionary<string, decimal> Stock, bool StockSuffices)
{
    /// <summary>The orders among the steps.</summary>
    public IReadOnlyList<PlannedOrder> Orders { get; } = [.. Steps.OfType<PlannedOrder>()];

    /// <summary>The cancellations among the steps.</summary>
    public IReadOnlyList<PlannedCancellation> Cancellations { get; } = [.. Steps.OfType<PlannedCancellation>()];
}

/// <summary>One thing to do. <paramref name="Invoice"/> names it to people; it is unique within a plan for orders.</summary>
internal abstract record PlanStep(string Invoice);

/// <summary>An order to place, and what it has to cost: recomputed here, never taken from an answer.</summary>
internal sealed record PlannedOrder(string Invoice, string Key, PlaceOrderRequest Request, decimal Total) : PlanStep(Invoice);

/// <summary>A cancellation of an order that is an earlier step.</summary>
internal sealed record PlannedCancellation(string Invoice, PlannedOrder Order) : PlanStep(Invoice);
