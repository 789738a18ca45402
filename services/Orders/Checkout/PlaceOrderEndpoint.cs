using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;
using ResilientShop.Contracts;
using ResilientShop.Orders.Records;
using ResilientShop.Resilience;
using ResilientShop.Resilience.Durable.Sagas;
using ResilientShop.Resilience.Http;
using ResilientShop.ServiceDefaults.Problems;

namespace ResilientShop.Orders.Checkout;

/// <summary>
/// <c>POST /orders</c>: checks the order, stores it together with its saga, and waits for the outcome as long as the caller does. Under an
/// idempotency key a repeat gets the first answer, whichever instance it reaches. While Orders is degraded it waits for nobody: the order is stored, answered with 202
/// and finished later.
/// </summary>
internal sealed class PlaceOrderEndpoint(
    KnownSkus skus, SagaClient sagas, OrderTable orders, CreationAnswers answers, CallerDeadline callerDeadline, TimeProvider time)
{
    public async Task<IResult> HandleAsync(PlaceOrderBody body, HttpRequest http, CancellationToken aborted)
    {
        var deadline = callerDeadline.Current;
        if (Check(body, http, out var request, out var key) is { } wrong)
        {
            return wrong;
        }

        if (deadline.HasExpired)
        {
            return CreationAnswers.DeadlineSpent();
        }

        var degradation = http.HttpContext.Degradation();
        return degradation.TakesNormalWay ? await PlaceAsync(request, key, deadline, degradation, aborted) : await PlaceForLaterAsync(request, key, deadline, degradation, aborted);
    }

    private async Task<IResult> PlaceAsync(PlaceOrderRequest request, string? key, Deadline deadline, RequestDegradation degradation, CancellationToken aborted)
    {
        var unknown = await skus.FindUnknownAsync(request.Lines, deadline, aborted);
        if (unknown.Count > 0)
        {
            return CreationAnswers.UnknownSku(request.Lines, unknown);
        }

        var order = Accept(request, key);
        return await TryStartAsync(order, aborted)
            ? await AwaitAsync(order, deadline, degradation, aborted)
            : await RepeatAsync(order, deadline, degradation, aborted);
    }

    /// <summary>Neither asks Inventory nor waits for the saga. A sku that nobody sells is found when the stock is reserved.</summary>
    private async Task<IResult> PlaceForLaterAsync(PlaceOrderRequest request, string? key, Deadline deadline, RequestDegradation degradation, CancellationToken aborted)
    {
        var order = Accept(request, key) with { Degraded = OrderDegradation.AcceptedForLater };
        if (!await TryStartAsync(order, aborted))
        {
            return await RepeatAsync(order, deadline, degradation, aborted);
        }

        degradation.Say(OrderDegradation.AcceptedForLater);
        return CreationAnswers.AcceptedForLater(order);
    }

    private static ProblemHttpResult? Check(PlaceOrderBody body, HttpRequest http, out PlaceOrderRequest request, out string? key)
    {
        var wrongKey = IdempotencyKey.Check(http.Headers[ResilienceHeaders.IdempotencyKey], out key);
        request = PlaceOrderRules.Check(body, out var errors)!;
        if (wrongKey is not null)
        {
            errors[ResilienceHeaders.IdempotencyKey] = [$"{ResilienceHeaders.IdempotencyKey} {wrongKey}"];
        }

        return errors.Count > 0 ? ProblemResults.ValidationFailed(errors) : null;
    }

    private Order Accept(PlaceOrderRequest request, string? key)
    {
        // PostgreSQL keeps microseconds; an answer from memory and one from the table must be the same.
        var now = time.GetUtcNow();
        var createdAt = now.AddTicks(-(now.Ticks % TimeSpan.TicksPerMicrosecond));
        var total = OrderContent.Total(request.Lines);
        return new Order(Guid.CreateVersion7(), request.CustomerId, request.Currency, total, request.Lines, request.Payment.Token, createdAt)
        {
            IdempotencyKey = key,
            ContentHash = OrderContent.Hash(request),
        };
    }

    /// <returns>False when an order exists under this key already.</returns>
    private async Task<bool> TryStartAsync(Order order, CancellationToken cancellationToken)
    {
        try
        {
            await sagas.StartAsync(OrderSaga.Name, order.Id, order, cancellationToken);
            return true;
        }
        catch (PostgresException exception) when (exception.ConstraintName == OrderTable.IdempotencyKeyConstraint)
        {
            return false;
        }
    }

    private async Task<IResult> AwaitAsync(Order order, Deadline deadline, RequestDegradation degradation, CancellationToken aborted)
    {
        var result = await callerDeadline.WithinAsync(deadline, cancel => sagas.WaitAsync(order.Id, cancel), aborted);
        if (result is null)
        {
            // Accepted, and not what was promised: a confirmation within the caller's time. Where that happens often, waiting is of no use.
            degradation.CountAsFailed();
        }

        // What the first answer was must be on record, also when the caller's time ends while it is written.
        return result is null ? await answers.PendingAsync(order, CancellationToken.None) : CreationAnswers.Ended(order, result);
    }

    private async Task<IResult> RepeatAsync(Order repeat, Deadline deadline, RequestDegradation degradation, CancellationToken aborted)
    {
        var first = await orders.FindByKeyAsync(repeat.IdempotencyKey!, aborted)
            ?? throw new InvalidOperationException("An order that was there is gone; orders are never deleted.");
        if (!first.ContentHash.AsSpan().SequenceEqual(repeat.ContentHash))
        {
            return CreationAnswers.KeyReused(first.View.Id);
        }

        if (first.AnsweredDegraded is { } mode)
        {
            degradation.Say(mode);
        }

        if (!first.AnsweredPending && !first.HasOutcome)
        {
            await callerDeadline.WithinAsync(deadline, cancel => sagas.WaitAsync(first.View.Id, cancel), aborted);
        }

        return await answers.AgainAsync(first.View.Id, aborted);
    }
}
