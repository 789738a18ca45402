using System.Globalization;
using ResilientShop.Contracts;
using ResilientShop.Resilience.Durable.Sagas;

namespace ResilientShop.Orders.Lookup;

/// <summary>The history of an order's saga in the words of the shop.</summary>
internal static class OrderHistory
{
    private static readonly Dictionary<(string? Step, string Action), string> Deeds = new()
    {
        [("reserve", SagaAction.Execute)] = "Stock reserved",
        [("reserve", SagaAction.Compensate)] = "Stock put back",
        [("charge", SagaAction.Execute)] = "Payment taken",
        [("charge", SagaAction.Compensate)] = "Payment given back",
    };

    public static IReadOnlyList<OrderHistoryEntry> Of(SagaView saga) =>
        [.. saga.History.Select(entry => new OrderHistoryEntry(entry.At, entry.Action, $"{Text(entry)}."))];

    private static string Text(SagaHistoryEntry entry) => entry.Action switch
    {
        SagaAction.Started => "Order accepted",
        SagaAction.Execute or SagaAction.Compensate => Attempt(entry),
        SagaAction.Turned => $"The order is being cancelled: {Reason(entry)}",
        SagaAction.TakenOver => $"Another instance went on with it ({entry.By})",
        SagaAction.Stuck => $"{Deed(entry)} has failed again and again, a person is asked: {Reason(entry)}",
        SagaAction.Held => $"{Deed(entry)} has failed as often as it may; the order waits for the cause to be healed: {Reason(entry)}",
        SagaAction.CancelledTooLate => "The wish to cancel came too late",
        SagaAction.Completed => "Order confirmed",
        SagaAction.Compensated => $"Order cancelled: {Reason(entry)}",
        SagaAction.OperatorRetry => $"{entry.By} had it tried again at once",
        SagaAction.OperatorSkip => $"{entry.By} took '{Deed(entry)}' for done: {entry.Detail}",
        SagaAction.OperatorCompensate => $"{entry.By} had the order undone: {entry.Detail}",
        _ => entry.Action,
    };

    private static string Attempt(SagaHistoryEntry entry)
    {
        var how = string.Create(CultureInfo.InvariantCulture, $"(attempt {entry.Attempt}, {entry.Milliseconds:0.#} ms)");
        return entry.Outcome == "done" ? $"{Deed(entry)} {how}" : $"Not yet: {Deed(entry)} {how}: {Reason(entry)}";
    }

    private static string Deed(SagaHistoryEntry entry)
    {
        const string undo = "undo ";
        var isUndone = entry.Step?.StartsWith(undo, StringComparison.Ordinal) is true;
        var step = isUndone ? entry.Step![undo.Length..] : entry.Step;
        return Deeds.GetValueOrDefault((step, isUndone || entry.Action == SagaAction.Compensate ? SagaAction.Compensate : SagaAction.Execute)) ?? entry.Step ?? "the order";
    }

    private static string Reason(SagaHistoryEntry entry) => (entry.Detail ?? entry.Code ?? "no reason is known").TrimEnd('.');
}
