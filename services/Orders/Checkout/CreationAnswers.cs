using System.Globalization;
using Microsoft.AspNetCore.Http.HttpResults;
using ResilientShop.Contracts;
using ResilientShop.Orders.Records;
using ResilientShop.Resilience;
using ResilientShop.Resilience.Durable.Sagas;
using ResilientShop.ServiceDefaults.Problems;

namespace ResilientShop.Orders.Checkout;

/// <summary>
/// What <c>POST /orders</c> answers. The first answer to a creation is decided once: 201 when it was confirmed first, 409 when it was cancelled
/// first, 202 when the caller could not wait for either; what happens to the order later does not change it.
/// </summary>
internal sealed class CreationAnswers(OrderTable orders)
{
    /// <summary>The saga ended while the caller waited.</summary>
    public static IResult Ended(Order order, SagaResult result) => result.Status == SagaStatus.Completed
        ? Confirmed(order.AsConfirmed(result.EndedAt))
        : Cancelled(order.Id, result.FailureCode, result.FailureDetail);

    /// <summary>Nobody waits: the order is stored, with this answer, and its saga goes on.</summary>
    public static IResult AcceptedForLater(Order order) => Accepted(order.AsPlaced());

    /// <summary>The caller cannot wait any longer.</summary>
    public async Task<IResult> PendingAsync(Order order, CancellationToken cancellationToken) =>
        order.IdempotencyKey is null ? Accepted(order.AsPlaced()) : await AgainAsync(order.Id, cancellationToken);

    /// <summary>The answer to the order's creation as it was given, or as it is given now and ever after.</summary>
    public async Task<IResult> AgainAsync(Guid id, CancellationToken cancellationToken)
    {
        var isPending = await orders.AnswerPendingAsync(id, cancellationToken);
        var order = await orders.FindAsync(id, cancellationToken)
            ?? throw new InvalidOperationException($"Order {id} was there and is gone; orders are never deleted.");
        var view = order.View with { Failure = null };
        return order switch
        {
            _ when isPending || order.AnsweredPending =>
                Accepted(view with { Status = OrderStatus.Pending, UpdatedAt = view.CreatedAt, Degraded = order.AnsweredDegraded }),
            { ConfirmedAt: { } confirmedAt } => Confirmed(view with { Status = OrderStatus.Confirmed, UpdatedAt = confirmedAt }),
            _ => Cancelled(id, order.View.Failure?.Code, order.View.Failure?.Detail),
        };
    }

    public static IResult UnknownSku(IReadOnlyList<OrderLine> lines, IReadOnlySet<string> unknown)
    {
        var errors = new Dictionary<string, string[]>(StringComparer.Ordinal);
        for (var i = 0; i < lines.Count; i++)
        {
            if (unknown.Contains(lines[i].Sku))
            {
                var field = string.Create(CultureInfo.InvariantCulture, $"lines[{i}].sku");
                errors[field] = [$"{field} is '{lines[i].Sku}', which the catalog does not know; use a sku that is for sale."];
            }
        }

        return ProblemResults.Problem(
            StatusCodes.Status400BadRequest,
            ProblemCodes.UnknownSku,
            string.Join(' ', errors.Values.Take(3).SelectMany(sentences => sentences)),
            new KeyValuePair<string, object?>(ProblemResults.ErrorsMember, errors));
    }

    public static IResult KeyReused(Guid firstOrder) => ProblemResults.Problem(
        StatusCodes.Status422UnprocessableEntity,
        ProblemCodes.IdempotencyKeyReused,
        $"The {ResilienceHeaders.IdempotencyKey} was used before, for order {firstOrder} with another content. Use a new key for a new order.");

    public static IResult DeadlineSpent() => ProblemResults.Problem(
        StatusCodes.Status504GatewayTimeout,
        "DEADLINE_EXCEEDED",
        "No time was left when the request arrived; nothing is stored.");

    private static Created<OrderView> Confirmed(OrderView order) => TypedResults.Created(Location(order.Id), order);

    private static Accepted<OrderView> Accepted(OrderView order) => TypedResults.Accepted(Location(order.Id), order);

    private static ProblemHttpResult Cancelled(Guid id, string? code, string? detail) => ProblemResults.Problem(
        StatusCodes.Status409Conflict,
        code ?? ProblemCodes.CancelledByCustomer,
        detail ?? "The order was cancelled.",
        new KeyValuePair<string, object?>("orderId", id));

    private static string Location(Guid id) => $"/orders/{id}";
}
