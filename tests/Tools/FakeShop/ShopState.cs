namespace Tools.Tests.FakeShop;

/// <summary>Orders, stock and payments of the fake shop, right except for the faults that are asked for. Guarded by one lock.</summary>
internal sealed class ShopState(ShopFaults faults)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, (StoredAnswer Answer, StoredOrder Order)> _byKey = [];
    private readonly Dictionary<Guid, StoredOrder> _orders = [];
    private readonly Dictionary<string, StockView> _stock = [];
    private readonly Dictionary<Guid, PaymentView> _payments = [];
    private readonly Dictionary<string, int> _used = [];

    public int OrderCount
    {
        get
        {
            lock (_lock)
            {
                return _orders.Count;
            }
        }
    }

    public IReadOnlyList<OrderView> Orders
    {
        get
        {
            lock (_lock)
            {
                return [.. _orders.Values.Select(order => order.View)];
            }
        }
    }

    public bool Use(string fault, int count)
    {
        lock (_lock)
        {
            return UseLocked(fault, count);
        }
    }

    public StockView? GetStock(string sku)
    {
        lock (_lock)
        {
            return _stock.GetValueOrDefault(sku);
        }
    }

    public StockView SetStock(string sku, decimal available)
    {
        lock (_lock)
        {
            return _stock[sku] = new StockView(sku, available, _stock.GetValueOrDefault(sku)?.Reserved ?? 0);
        }
    }

    public PaymentView? GetPayment(Guid id)
    {
        lock (_lock)
        {
            return _payments.GetValueOrDefault(id);
        }
    }

    public OrderView? GetOrder(Guid id)
    {
        lock (_lock)
        {
            var order = _orders.GetValueOrDefault(id);
            if (order is { IsSlow: true } && ++order.Looks == 2)
            {
                order.IsSlow = false;
                Finish(order);
            }

            return order?.View;
        }
    }

    public StoredAnswer Place(string key, PlaceOrderRequest request)
    {
        lock (_lock)
        {
            if (!faults.IgnoresKeys && _byKey.TryGetValue(key, out var first))
            {
                return Repeat(first.Answer, first.Order);
            }

            if (UseLocked(nameof(ShopFaults.Refused), faults.Refused))
            {
                return new StoredAnswer(400, null, ProblemCodes.ValidationFailed, null);
            }

            var order = new StoredOrder(Store(request));
            _orders[order.View.Id] = order;
            if (UseLocked(nameof(ShopFaults.StuckOrders), faults.StuckOrders))
            {
                return Answer(key, order, 202);
            }

            if (UseLocked(nameof(ShopFaults.SlowOrders), faults.SlowOrders))
            {
                order.IsSlow = true;
                return Answer(key, order, 202);
            }

            Finish(order);
            return Answer(key, order, order.View.Status == OrderStatus.Confirmed ? 201 : 409);
        }
    }

    public OrderView? Cancel(Guid id)
    {
        lock (_lock)
        {
            if (!_orders.TryGetValue(id, out var order) || faults.ForgetsCancellations)
            {
                return order?.View;
            }

            if (order.View.Status == OrderStatus.Confirmed)
            {
                Undo(order);
            }

            if (order.View.Status != OrderStatus.Cancelled)
            {
                order.IsSlow = false;
                order.View = Cancelled(order.View, ProblemCodes.CancelledByCustomer);
            }

            return order.View;
        }
    }

    private bool UseLocked(string fault, int count)
    {
        var used = _used.GetValueOrDefault(fault);
        _used[fault] = Math.Min(used + 1, count);
        return used < count;
    }

    private OrderView Store(PlaceOrderRequest request)
    {
        var total = request.Lines.Sum(line => line.Quantity * line.UnitPrice) + (UseLocked(nameof(ShopFaults.WrongTotals), faults.WrongTotals) ? 0.01m : 0);
        var lines = UseLocked(nameof(ShopFaults.LostLines), faults.LostLines) ? [.. request.Lines.SkipLast(1)] : request.Lines;
        var customer = UseLocked(nameof(ShopFaults.WrongCustomers), faults.WrongCustomers) ? "somebody-else" : request.CustomerId;
        var now = DateTimeOffset.UtcNow;
        return new OrderView(Guid.NewGuid(), customer, request.Currency, OrderStatus.Pending, total, lines, null, now, now);
    }

    private void Finish(StoredOrder order)
    {
        if (UseLocked(nameof(ShopFaults.Cancelled), faults.Cancelled.Count))
        {
            order.View = Cancelled(order.View, faults.Cancelled.Code);
        }
        else if (!TryReserve(order.View))
        {
            order.View = Cancelled(order.View, ProblemCodes.OutOfStock);
        }
        else
        {
            Charge(order.View);
            order.View = order.View with { Status = OrderStatus.Confirmed };
        }
    }

    private bool TryReserve(OrderView order)
    {
        var needed = order.Lines.GroupBy(line => line.Sku).Select(lines => (Sku: lines.Key, Quantity: lines.Sum(line => line.Quantity))).ToArray();
        if (!faults.Oversells && needed.Any(line => _stock.GetValueOrDefault(line.Sku) is not { } stock || stock.Available < line.Quantity))
        {
            return false;
        }

        var times = UseLocked(nameof(ShopFaults.DoubleReservations), faults.DoubleReservations) ? 2 : 1;
        var held = UseLocked(nameof(ShopFaults.LostHolds), faults.LostHolds) ? 0 : times;
        foreach (var (sku, quantity) in needed)
        {
            Move(sku, -times * quantity, held * quantity);
        }

        return true;
    }

    private void Charge(OrderView order)
    {
        var captured = UseLocked(nameof(ShopFaults.UnpaidOrders), faults.UnpaidOrders) ? 0 : order.Total;
        captured *= UseLocked(nameof(ShopFaults.DoubleCharges), faults.DoubleCharges) ? 2 : 1;
        _payments[order.Id] = new PaymentView(order.Id, PaymentStatus.Captured, order.Total, order.Currency, captured, 0, null, order.CreatedAt);
    }

    private void Undo(StoredOrder order)
    {
        if (!faults.KeepsMoneyOfCancelled)
        {
            var payment = _payments[order.View.Id];
            _payments[order.View.Id] = payment with { Status = PaymentStatus.Refunded, Refunded = payment.Captured };
        }

        if (!faults.KeepsStockOfCancelled)
        {
            foreach (var line in order.View.Lines)
            {
                Move(line.Sku, line.Quantity, -line.Quantity);
            }
        }
    }

    private StoredAnswer Answer(string key, StoredOrder order, int status)
    {
        var view = UseLocked("answer", 1) || !UseLocked(nameof(ShopFaults.SharedIds), faults.SharedIds)
            ? order.View
            : order.View with { Id = _orders.Keys.First() };
        var answer = new StoredAnswer(status, view, view.Failure?.Code, view.Id);
        _byKey[key] = (answer, order);
        return answer;
    }

    private StoredAnswer Repeat(StoredAnswer first, StoredOrder order)
    {
        if (faults.ChargesRepeats && _payments.TryGetValue(order.View.Id, out var payment))
        {
            _payments[order.View.Id] = payment with { Captured = payment.Captured + payment.Amount };
        }

        if (faults.ReservesRepeats)
        {
            TryReserve(order.View);
        }

        return faults.ChangesAnswers ? first with { Status = 200 } : first;
    }

    private void Move(string sku, decimal available, decimal reserved)
    {
        var stock = _stock[sku];
        _stock[sku] = stock with { Available = stock.Available + available, Reserved = stock.Reserved + reserved };
    }

    private static OrderView Cancelled(OrderView order, string code) =>
        order with { Status = OrderStatus.Cancelled, Failure = new OrderFailure(code, "cancelled") };
}

/// <summary>An order of the fake shop.</summary>
internal sealed class StoredOrder(OrderView view)
{
    public OrderView View { get; set; } = view;

    public bool IsSlow { get; set; }

    public int Looks { get; set; }
}

/// <summary>What the fake shop answered to a POST.</summary>
internal sealed record StoredAnswer(int Status, OrderView? View, string? Code, Guid? OrderId);
