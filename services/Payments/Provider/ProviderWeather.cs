using Microsoft.AspNetCore.Http.HttpResults;
using ResilientShop.ServiceDefaults.Operating;
using ResilientShop.ServiceDefaults.Problems;

namespace ResilientShop.Payments.Provider;

/// <summary>
/// What the simulated provider suffers from at the moment, over and above the moods of tokens: <c>GET|PUT /provider/weather</c>, the latter for operators. Made for
/// drills: it shows what the shop does with a provider that is slow or fails. Thread-safe.
/// </summary>
internal sealed class ProviderWeather
{
    private volatile Weather _current = new(0, 0);

    /// <summary>The weather now.</summary>
    public Weather Current => _current;

    public static void Map(IEndpointRouteBuilder routes)
    {
        var weather = routes.MapGroup("/provider/weather").ExcludeFromDescription();
        weather.MapGet("/", (ProviderWeather weather) => TypedResults.Ok(weather.Current));
        weather.MapPut("/", (Weather wanted, ProviderWeather weather) => weather.Set(wanted)).RequireOperator();
    }

    private Results<Ok<Weather>, ProblemHttpResult> Set(Weather wanted)
    {
        var errors = new Dictionary<string, string[]>();
        if (wanted.LatencyMs is < 0 or > Weather.LongestMs)
        {
            errors["latencyMs"] = [FormattableString.Invariant($"latencyMs is {wanted.LatencyMs}; it must be from 0 to {Weather.LongestMs}.")];
        }

        if (!(wanted.ErrorRatio is >= 0 and <= 1))
        {
            errors["errorRatio"] = [FormattableString.Invariant($"errorRatio is {wanted.ErrorRatio}; it must be from 0 to 1.")];
        }

        return errors.Count > 0 ? ProblemResults.ValidationFailed(errors) : TypedResults.Ok(_current = wanted);
    }
}

/// <summary>Weather at the simulated provider.</summary>
/// <param name="LatencyMs">What a charge or a capture takes longer; an authorization, which settles nothing, a tenth of it.</param>
/// <param name="ErrorRatio">Share of requests that are answered with 500 and have no effect.</param>
internal sealed record Weather(int LatencyMs, double ErrorRatio)
{
    public const int LongestMs = 60_000;
}
