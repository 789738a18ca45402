using Microsoft.AspNetCore.Http.HttpResults;
using ResilientShop.ServiceDefaults.Operating;
using ResilientShop.ServiceDefaults.Problems;

namespace ResilientShop.Operations.Canary;

/// <summary>
/// What is wrong with the canary of the consumer, for drills: <c>GET|PUT /canary/defect</c>, the latter for operators. Thread-safe.
/// </summary>
internal sealed class ConsumerDefect
{
    private volatile ConsumerFaults _current = new(0, 0);

    public ConsumerFaults Current => _current;

    public static void Map(IEndpointRouteBuilder routes)
    {
        var defect = routes.MapGroup("/canary/defect").ExcludeFromDescription();
        defect.MapGet("/", (ConsumerDefect canary) => TypedResults.Ok(canary.Current));
        defect.MapPut("/", (ConsumerFaults wanted, ConsumerDefect canary) => canary.Set(wanted)).RequireOperator();
    }

    private Results<Ok<ConsumerFaults>, ProblemHttpResult> Set(ConsumerFaults wanted)
    {
        var errors = new Dictionary<string, string[]>();
        if (wanted.LatencyMs is < 0 or > ConsumerFaults.LongestMs)
        {
            errors["latencyMs"] = [FormattableString.Invariant($"latencyMs is {wanted.LatencyMs}; it must be from 0 to {ConsumerFaults.LongestMs}.")];
        }

        if (wanted.FailRatio is not (>= 0 and <= 1))
        {
            errors["failRatio"] = [FormattableString.Invariant($"failRatio is {wanted.FailRatio}; it must be from 0 to 1.")];
        }

        return errors.Count > 0 ? ProblemResults.ValidationFailed(errors) : TypedResults.Ok(_current = wanted);
    }
}

/// <summary>Faults of the canary.</summary>
/// <param name="LatencyMs">What a batch takes longer.</param>
/// <param name="FailRatio">The share of the orders whose events it cannot handle.</param>
internal sealed record ConsumerFaults(int LatencyMs, double FailRatio)
{
    public const int LongestMs = 60_000;
}
