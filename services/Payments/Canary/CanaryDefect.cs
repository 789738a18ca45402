using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http.HttpResults;
using ResilientShop.Contracts;
using ResilientShop.ServiceDefaults.Operating;
using ResilientShop.ServiceDefaults.Problems;

namespace ResilientShop.Payments.Canary;

/// <summary>
/// What is wrong with the canary, for drills: <c>GET|PUT /canary/defect</c>, the latter for operators. It charges wrong amounts, takes longer, or answers in another shape, as
/// releases do that nobody would want. A charge is what it says it is: the wrong amount is really taken. Thread-safe.
/// </summary>
internal sealed class CanaryDefect(TimeProvider time) : IEndpointFilter
{
    private volatile Defect _current = new(1, 0, false);

    public static void Map(IEndpointRouteBuilder routes)
    {
        var defect = routes.MapGroup("/canary/defect").ExcludeFromDescription();
        defect.MapGet("/", (CanaryDefect canary) => TypedResults.Ok(canary._current));
        defect.MapPut("/", (Defect wanted, CanaryDefect canary) => canary.Set(wanted)).RequireOperator();
    }

    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var defect = _current;
        if (defect.LatencyMs > 0)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(defect.LatencyMs), time, context.HttpContext.RequestAborted);
        }

        if (defect.AmountFactor != 1 && context.Arguments.IndexOf(context.Arguments.OfType<ChargeRequest>().First()) is var at)
        {
            var charge = context.GetArgument<ChargeRequest>(at);
            context.Arguments[at] = charge with { Amount = Math.Max(0.01m, Math.Round(charge.Amount * defect.AmountFactor, 2)) };
        }

        var answer = await next(context);
        return defect.BreaksShape && answer is INestedHttpResult { Result: Ok<PaymentView> { Value: { } payment } } ? Misshapen(payment) : answer;
    }

    /// <summary>As a release answers that renamed a field.</summary>
    private static JsonHttpResult<JsonObject> Misshapen(PaymentView payment)
    {
        var body = JsonSerializer.SerializeToNode(payment, JsonSerializerOptions.Web)!.AsObject();
        body.Remove("captured");
        body["capturedAmount"] = payment.Captured;
        return TypedResults.Json(body);
    }

    private Results<Ok<Defect>, ProblemHttpResult> Set(Defect wanted)
    {
        var errors = new Dictionary<string, string[]>();
        if (wanted.AmountFactor is <= 0 or > 10)
        {
            errors["amountFactor"] = [FormattableString.Invariant($"amountFactor is {wanted.AmountFactor}; it must be above 0 and at most 10.")];
        }

        if (wanted.LatencyMs is < 0 or > Defect.LongestMs)
        {
            errors["latencyMs"] = [FormattableString.Invariant($"latencyMs is {wanted.LatencyMs}; it must be from 0 to {Defect.LongestMs}.")];
        }

        return errors.Count > 0 ? ProblemResults.ValidationFailed(errors) : TypedResults.Ok(_current = wanted);
    }
}

/// <summary>A defect of the canary.</summary>
/// <param name="AmountFactor">What it charges, as a factor of what it should; 1 is right.</param>
/// <param name="LatencyMs">What a charge takes longer.</param>
/// <param name="BreaksShape">Whether it answers <c>capturedAmount</c> instead of <c>captured</c>.</param>
internal sealed record Defect(decimal AmountFactor, int LatencyMs, bool BreaksShape)
{
    public const int LongestMs = 60_000;
}
