namespace Tools.Tests.FakeShop;

/// <summary>Ways in which the fake shop is wrong, or slow, or briefly away.</summary>
internal sealed record ShopFaults
{
    /// <summary>Charges this many orders twice.</summary>
    public int DoubleCharges { get; init; }

    /// <summary>Confirms this many orders without taking the money.</summary>
    public int UnpaidOrders { get; init; }

    /// <summary>Takes this many orders' stock off the shelf without holding it.</summary>
    public int LostHolds { get; init; }

    /// <summary>Takes this many orders' stock off the shelf twice.</summary>
    public int DoubleReservations { get; init; }

    /// <summary>Accepts this many orders and never ends them.</summary>
    public int StuckOrders { get; init; }

    /// <summary>Gives this many orders a total that is a penny too high.</summary>
    public int WrongTotals { get; init; }

    /// <summary>Forgets the last line of this many orders.</summary>
    public int LostLines { get; init; }

    /// <summary>Stores this many orders under another customer.</summary>
    public int WrongCustomers { get; init; }

    /// <summary>Takes no notice of idempotency keys: a repeated order is a new one.</summary>
    public bool IgnoresKeys { get; init; }

    /// <summary>Charges again when an order is repeated, although it answers as before.</summary>
    public bool ChargesRepeats { get; init; }

    /// <summary>Reserves again when an order is repeated, although it answers as before.</summary>
    public bool ReservesRepeats { get; init; }

    /// <summary>Answers repeated orders with 200 instead of what it answered first.</summary>
    public bool ChangesAnswers { get; init; }

    /// <summary>Answers this many orders with the id of the first one.</summary>
    public int SharedIds { get; init; }

    /// <summary>Answers this many orders with 202 and ends them when they are looked at a second time.</summary>
    public int SlowOrders { get; init; }

    /// <summary>Answers this many requests with 503 before the right answer.</summary>
    public int Unavailable { get; init; }

    /// <summary>Answers every POST of an order with 503.</summary>
    public bool NeverTakesOrders { get; init; }

    /// <summary>Drops this many connections after the order was done, so that the reply is lost.</summary>
    public int LostReplies { get; init; }

    /// <summary>Answers this many requests with 429 and <c>Retry-After: 0</c>.</summary>
    public int RateLimited { get; init; }

    /// <summary>Refuses this many orders with 400.</summary>
    public int Refused { get; init; }

    /// <summary>Cancels this many orders with this code although nothing is wrong.</summary>
    public (int Count, string Code) Cancelled { get; init; }

    /// <summary>Cancels orders at the customer's request but keeps the money.</summary>
    public bool KeepsMoneyOfCancelled { get; init; }

    /// <summary>Cancels orders at the customer's request but keeps holding the stock.</summary>
    public bool KeepsStockOfCancelled { get; init; }

    /// <summary>Accepts cancellations and does nothing.</summary>
    public bool ForgetsCancellations { get; init; }

    /// <summary>Refuses cancellations with 404.</summary>
    public bool RefusesCancellations { get; init; }

    /// <summary>Sells more than there is.</summary>
    public bool Oversells { get; init; }

    /// <summary>Cannot set stock: PUT answers 400.</summary>
    public bool RefusesStock { get; init; }

    /// <summary>Answers nothing like the shop: HTML with 404.</summary>
    public bool IsSomethingElse { get; init; }

    /// <summary>Forgets the payments of all orders: 404.</summary>
    public bool ForgetsPayments { get; init; }

    /// <summary>Answers payments with something that is not JSON.</summary>
    public bool GarblesPayments { get; init; }

    /// <summary>Writes totals as JSON strings.</summary>
    public bool WritesNumbersAsText { get; init; }

    /// <summary>Called when an order arrives, before it is answered.</summary>
    public Action? OnOrder { get; init; }

    /// <summary>Orders wait for this before they are answered.</summary>
    public Task Gate { get; init; } = Task.CompletedTask;
}
