namespace Replay.Books;

/// <summary>Names of the rules that the books have to keep.</summary>
internal static class Rules
{
    /// <summary>The stock can be set.</summary>
    public const string Seeding = "stock-seeded";

    /// <summary>The shop answers every order, within the retries.</summary>
    public const string Answered = "order-answered";

    /// <summary>The shop takes every order that keeps its limits.</summary>
    public const string Taken = "order-taken";

    /// <summary>Orders are new: their keys were never used before.</summary>
    public const string FreshRun = "run-id-fresh";

    /// <summary>Every order ends confirmed or cancelled.</summary>
    public const string Terminal = "order-terminal";

    /// <summary>With faults: an order ends within its time to settle, which begins when the last fault is over.</summary>
    public const string InTime = "order-in-time";

    /// <summary>An order is stored as it was sent: customer, currency, lines, total.</summary>
    public const string AsSent = "order-as-sent";

    /// <summary>No two orders share an id.</summary>
    public const string UniqueId = "order-id-unique";

    /// <summary>No order is refused for want of stock when there was enough for all.</summary>
    public const string StockSufficed = "stock-sufficed";

    /// <summary>An accepted cancellation is carried out; a cancellation is not refused.</summary>
    public const string CancelDone = "cancellation-done";

    /// <summary>A confirmed order has exactly its total captured and nothing refunded.</summary>
    public const string ConfirmedPaid = "confirmed-paid";

    /// <summary>A cancelled order has nothing captured that was not refunded.</summary>
    public const string CancelledUnpaid = "cancelled-unpaid";

    /// <summary>All money captured and kept is all money of confirmed orders.</summary>
    public const string MoneySum = "money-sum";

    /// <summary>Of every sku exactly the lines of confirmed orders are sold and held.</summary>
    public const string StockSold = "stock-sold";

    /// <summary>A repeated order has the id and the answer of the first, and changes nothing.</summary>
    public const string Repeatable = "repeat-same-answer";

    /// <summary>Of a sku with M pieces and N buyers exactly min(M, N) are confirmed, and the others are told that it is sold out.</summary>
    public const string ExactSale = "exact-sale";

    /// <summary>Every order of a shop of the tool's own was announced exactly once: placed, confirmed, cancelled, and worth what it is.</summary>
    public const string AnnouncedOnce = "announced-once";

    /// <summary>Nothing is left in the outbox of a shop of the tool's own.</summary>
    public const string OutboxDrained = "outbox-drained";

    /// <summary>Every planned fault could be done, and every killed process came back.</summary>
    public const string Recovered = "process-recovered";

    /// <summary>With a scenario: the services took it as they must.</summary>
    public const string AsDrilled = "as-drilled";

    /// <summary>Orders, payments and stock can be read.</summary>
    public const string Readable = "books-readable";
}
