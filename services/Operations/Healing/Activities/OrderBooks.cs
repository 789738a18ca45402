using System.Globalization;
using ResilientShop.Contracts;
using ResilientShop.Operations.Healing.Workflow;

namespace ResilientShop.Operations.Healing.Activities;

/// <summary>
/// The books of one order: what its saga says, what the customer sees, the money and the stock must agree, to the penny and the piece. Sagas of other kinds have no books here.
/// Thread-safe.
/// </summary>
internal sealed class OrderBooks(ServiceDoor door)
{
    private const string Orders = "orders";
    private const string Payments = "payments";
    private const string Inventory = "inventory";

    /// <summary>Checks them for a saga that has ended.</summary>
    /// <returns>What they say; null while they do not agree yet, and why.</returns>
    /// <exception cref="ServiceSilentException">One of the services cannot be asked.</exception>
    public async Task<(Verification? Known, string Now)> CheckAsync(string service, SagaState saga, Guid id, CancellationToken cancellationToken)
    {
        var isDone = saga.Status == "completed";
        if (service != Orders || saga.Definition != "order")
        {
            return (new Verification(isDone ? Verification.Healed : Verification.Settled, $"Saga {id} is {saga.Status}."), "");
        }

        var order = await door.ReadAsync<OrderView>(Orders, $"/orders/{id}", cancellationToken);
        var payment = await door.ReadAsync<PaymentView>(Payments, $"/payments/{id}", cancellationToken);
        var stock = await door.ReadAsync<ReservationView>(Inventory, $"/reservations/{id}", cancellationToken);
        var wrong = isDone ? WrongOfConfirmed(order, payment, stock) : WrongOfCancelled(order, payment, stock);
        return wrong is not null
            ? (null, wrong)
            : isDone
                ? (new Verification(Verification.Healed, string.Create(CultureInfo.InvariantCulture, $"Order {id} is confirmed: {order!.Total} {order.Currency} {payment!.Status}, its stock is held.")), "")
                : (new Verification(Verification.Settled, $"Order {id} is cancelled: no money is kept, no stock is held."), "");
    }

    private static string? WrongOfConfirmed(OrderView? order, PaymentView? payment, ReservationView? stock)
    {
        if (order?.Status != OrderStatus.Confirmed)
        {
            return $"the order is {order?.Status ?? "not there"}";
        }

        var paid = payment?.Status == PaymentStatus.Authorized ? payment.Amount : payment?.Captured - payment?.Refunded;
        return payment is null || payment.Status is not (PaymentStatus.Captured or PaymentStatus.Authorized) || paid != order.Total || payment.Currency != order.Currency
            ? string.Create(CultureInfo.InvariantCulture, $"the order is over {order.Total} {order.Currency}, its payment is {payment?.Status ?? "not there"} over {paid} {payment?.Currency}")
            : stock?.Status != ReservationStatus.Reserved || !Same(order.Lines, stock.Lines)
                ? $"its stock is {stock?.Status ?? "not there"} and not what was ordered"
                : null;
    }

    private static string? WrongOfCancelled(OrderView? order, PaymentView? payment, ReservationView? stock) => order?.Status != OrderStatus.Cancelled
        ? $"the order is {order?.Status ?? "not there"}"
        : payment is { Status: PaymentStatus.Pending or PaymentStatus.Authorized or PaymentStatus.Captured }
            ? $"the order is cancelled and its payment is {payment.Status}"
            : stock?.Status == ReservationStatus.Reserved
                ? "the order is cancelled and its stock is held"
                : null;

    /// <summary>An order may name a sku more than once.</summary>
    private static bool Same(IReadOnlyList<OrderLine> ordered, IReadOnlyList<ReservationLine> held) =>
        Sums(ordered.Select(line => (line.Sku, line.Quantity))).SequenceEqual(Sums(held.Select(line => (line.Sku, line.Quantity))));

    private static IEnumerable<(string Sku, decimal Quantity)> Sums(IEnumerable<(string Sku, decimal Quantity)> lines) =>
        lines.GroupBy(line => line.Sku, line => line.Quantity).Select(sku => (sku.Key, sku.Sum())).OrderBy(sku => sku.Key, StringComparer.Ordinal);
}
