using System.Globalization;
using System.Text.Json;
using Json.Schema;
using ResilientShop.Contracts;
using ResilientShop.Orders.Records;
using ResilientShop.Resilience.Durable.Sagas;
using ResilientShop.Resilience.Http;

namespace ResilientShop.Orders.Checkout;

/// <summary>
/// Checks what Payments answers to a charge: that it has the shape that was agreed upon, and that what was captured is the total of the order. No order is confirmed on any
/// other answer, and both checks are counted for the release that gave it, so that a gate can tell a canary that is fast and wrong. Thread-safe.
/// </summary>
internal sealed class ChargeAnswer
{
    /// <summary>Name of the check of the shape.</summary>
    public const string Shape = "shape";

    /// <summary>Name of the check of the amount.</summary>
    public const string CapturedAmount = "captured-amount";

    private static readonly EvaluationOptions Options = new() { OutputFormat = OutputFormat.List };

    private readonly JsonSchema _schema = Load();

    /// <summary>Checks an answer of success.</summary>
    public async Task<StepOutcome> CheckAsync(HttpResponseMessage answer, Order order, CancellationToken cancellationToken)
    {
        var body = await answer.Content.ReadAsByteArrayAsync(cancellationToken);
        var (payment, wrong) = Read(body);
        answer.CountReleaseCheck(Shape, payment is not null);
        if (payment is null)
        {
            // Whether money was taken is open, and another release may answer the repeat.
            return StepOutcome.Transient(ProblemCodes.PaymentUnavailable, $"Payments answered in a shape that was not agreed upon: {wrong}");
        }

        var isRight = payment.Status switch
        {
            PaymentStatus.Captured => payment.Captured == order.Total && payment.Currency == order.Currency,
            PaymentStatus.Authorized => payment.Amount == order.Total && payment.Currency == order.Currency,
            _ => false,
        };
        answer.CountReleaseCheck(CapturedAmount, isRight);
        return isRight ? StepOutcome.Done : StepOutcome.Failed(
            ProblemCodes.PaymentMismatch,
            string.Create(CultureInfo.InvariantCulture, $"Payments says {payment.Status} {payment.Captured} {payment.Currency} of an order over {order.Total} {order.Currency}."));
    }

    private static JsonSchema Load()
    {
        using var reader = new StreamReader(PaymentView.OpenSchema());
        return JsonSchema.FromText(reader.ReadToEnd());
    }

    private (PaymentView? Payment, string? Wrong) Read(byte[] body)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            var result = _schema.Evaluate(json.RootElement, Options);
            return result.IsValid
                ? (json.Deserialize<PaymentView>(JsonSerializerOptions.Web), null)
                : (null, (result.Details ?? []).Where(detail => detail.Errors is not null).SelectMany(detail => detail.Errors!.Values.Select(error => $"{detail.InstanceLocation} {error}")).FirstOrDefault() ?? "it is not valid");
        }
        catch (JsonException exception)
        {
            return (null, exception.Message);
        }
    }
}
