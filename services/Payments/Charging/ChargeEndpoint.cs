using System.Globalization;
using Microsoft.AspNetCore.Http.HttpResults;
using ResilientShop.Contracts;
using ResilientShop.Payments.Canary;
using ResilientShop.Payments.Capturing;
using ResilientShop.Payments.ProviderClient;
using ResilientShop.Payments.Records;
using ResilientShop.Resilience.Http;
using ResilientShop.ServiceDefaults.Problems;

namespace ResilientShop.Payments.Charging;

/// <summary>
/// <c>POST /payments</c>, idempotent by order id. The payment is on record before the provider is asked, and the provider is asked under the
/// order's id, so neither a crash between the two nor a repeat takes money twice. While Payments is degraded the money is only authorized, which the provider does
/// quicker, and <see cref="CaptureLater"/> takes it.
/// </summary>
internal sealed class ChargeEndpoint(PaymentTable payments, PaymentProvider provider, CaptureSignal captures, ChargeMetrics metrics, PaymentRelease release)
{
    public async Task<Results<Ok<PaymentView>, ProblemHttpResult>> HandleAsync(ChargeRequest request, HttpResponse response, CancellationToken cancellationToken)
    {
        var errors = ChargeRules.Check(request);
        if (errors.Count > 0)
        {
            return ProblemResults.ValidationFailed(errors);
        }

        var (payment, isSame, isCapturedLater) = await payments.BeginAsync(request, cancellationToken);
        if (payment.Status != PaymentStatus.Refunded && !isSame)
        {
            // Also for another token: while the first charge is in doubt, a second card's refusal would hide the first one's money.
            return Mismatch(payment);
        }

        if (payment.Status != PaymentStatus.Pending)
        {
            return Answer(payment, isCapturedLater, response);
        }

        var answer = response.HttpContext.Degradation().TakesNormalWay
            ? await provider.ChargeAsync(request.OrderId, request.Amount, request.Currency, request.Token, cancellationToken)
            : await provider.AuthorizeAsync(request.OrderId, request.Amount, request.Currency, request.Token, cancellationToken);
        metrics.Charged(answer.Outcome);
        return await SettleAsync(request, answer, response);
    }

    /// <summary>What the provider said goes on record even when the caller has gone: it is the only thing that ends the doubt.</summary>
    private async Task<Results<Ok<PaymentView>, ProblemHttpResult>> SettleAsync(ChargeRequest request, ProviderAnswer answer, HttpResponse response)
    {
        var orderId = request.OrderId;
        var settled = answer.Outcome switch
        {
            ProviderOutcome.Captured => await payments.CaptureAsync(orderId, release.IssuesReceipts ? answer.Receipt : null, CancellationToken.None),
            ProviderOutcome.Authorized => await payments.AuthorizeAsync(orderId, CancellationToken.None),
            ProviderOutcome.Declined => await payments.DeclineAsync(orderId, ProblemCodes.CardDeclined, CancellationToken.None),
            ProviderOutcome.UnknownToken => await payments.DeclineAsync(orderId, ProblemCodes.UnknownPaymentToken, CancellationToken.None),
            ProviderOutcome.Voided => await payments.RefundAsync(orderId, answer.WasCaptured, CancellationToken.None),
            _ => null,
        };
        if (settled is not null)
        {
            if (settled.Status == PaymentStatus.Authorized)
            {
                captures.Set();
            }

            return Answer(settled, isCapturedLater: false, response);
        }

        return answer.Outcome switch
        {
            ProviderOutcome.Busy => Transient(StatusCodes.Status503ServiceUnavailable, ProblemCodes.Busy, "The payment provider is busy; try again."),
            ProviderOutcome.RateLimited => RateLimited(answer, response),
            ProviderOutcome.Unavailable => Transient(
                StatusCodes.Status503ServiceUnavailable,
                ProblemCodes.PaymentUnavailable,
                $"The payment provider {answer.Reason}; whether it took the money is open. Repeat the charge, or refund it."),

            // Another call settled the payment between our question and the answer.
            _ => await AnswerRepeatAsync(request, response),
        };
    }

    private async Task<Results<Ok<PaymentView>, ProblemHttpResult>> AnswerRepeatAsync(ChargeRequest request, HttpResponse response)
    {
        var (payment, _, isCapturedLater) = await payments.BeginAsync(request, CancellationToken.None);
        return Answer(payment, isCapturedLater, response);
    }

    /// <summary>A charge that was answered with the capture to come is answered so again when it is repeated, also when the capture is done.</summary>
    private static Results<Ok<PaymentView>, ProblemHttpResult> Answer(PaymentView payment, bool isCapturedLater, HttpResponse response) => payment.Status switch
    {
        PaymentStatus.Captured when !isCapturedLater => TypedResults.Ok(payment),
        PaymentStatus.Captured or PaymentStatus.Authorized => CapturedLater(payment, response),
        PaymentStatus.Declined when payment.FailureCode == ProblemCodes.UnknownPaymentToken =>
            ProblemResults.Problem(StatusCodes.Status402PaymentRequired, ProblemCodes.UnknownPaymentToken, "The payment provider does not know the token."),
        PaymentStatus.Declined =>
            ProblemResults.Problem(StatusCodes.Status402PaymentRequired, ProblemCodes.CardDeclined, "The payment provider declined the card."),
        _ => ProblemResults.Problem(
            StatusCodes.Status409Conflict,
            ProblemCodes.PaymentVoided,
            $"The payment of order {payment.OrderId} was refunded or voided; nothing was taken."),
    };

    private static Ok<PaymentView> CapturedLater(PaymentView payment, HttpResponse response)
    {
        response.HttpContext.Degradation().Say(PaymentDegradation.CapturedLater);
        return TypedResults.Ok(payment with { Degraded = PaymentDegradation.CapturedLater });
    }

    private static ProblemHttpResult Mismatch(PaymentView payment) => ProblemResults.Problem(
        StatusCodes.Status422UnprocessableEntity,
        ProblemCodes.PaymentMismatch,
        string.Create(
            CultureInfo.InvariantCulture,
            $"Order {payment.OrderId} was charged before with {payment.Amount} {payment.Currency}; a repeat must name the same amount, currency and token."));

    private static ProblemHttpResult RateLimited(ProviderAnswer answer, HttpResponse response)
    {
        if (answer.RetryAfter is { } wait)
        {
            response.Headers.RetryAfter = Math.Ceiling(wait.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        }

        return Transient(StatusCodes.Status429TooManyRequests, ProblemCodes.RateLimited, "The payment provider limits our rate; try again after Retry-After.");
    }

    private static ProblemHttpResult Transient(int status, string code, string detail) => ProblemResults.Problem(status, code, detail);
}
