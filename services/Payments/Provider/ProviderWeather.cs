using System.Collections.Concurrent;
using System.IO.Hashing;
using System.Text;
using Microsoft.AspNetCore.Http.HttpResults;
using ResilientShop.ServiceDefaults.Operating;
using ResilientShop.ServiceDefaults.Problems;

namespace ResilientShop.Payments.Provider;

/// <summary>
/// What the simulated provider suffers from at the moment, over and above the moods of tokens: <c>GET|PUT /provider/weather</c>, the latter for operators. Made for
/// drills: it shows what the shop does with a provider that is slow or fails. Thread-safe.
/// </summary>
internal sealed class ProviderWeather(TimeProvider time)
{
    private const int MostKeys = 100_000;

    private readonly ConcurrentDictionary<string, long> _firstAsked = new(StringComparer.Ordinal);
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

        if (!(wanted.HardErrorRatio is >= 0 and <= 1))
        {
            errors["hardErrorRatio"] = [FormattableString.Invariant($"hardErrorRatio is {wanted.HardErrorRatio}; it must be from 0 to 1.")];
        }

        if (wanted.HardErrorMs is < 0 or > Weather.LongestHardMs)
        {
            errors["hardErrorMs"] = [FormattableString.Invariant($"hardErrorMs is {wanted.HardErrorMs}; it must be from 0 to {Weather.LongestHardMs}.")];
        }

        if (errors.Count > 0)
        {
            return ProblemResults.ValidationFailed(errors);
        }

        _firstAsked.Clear();
        return TypedResults.Ok(_current = wanted);
    }

    /// <summary>Whether what is asked under a key fails now, however often it is asked: some keys do, from when they are first asked for a while.</summary>
    public bool FailsHard(string key)
    {
        var weather = _current;
        if (weather.HardErrorRatio <= 0 || XxHash3.HashToUInt64(Encoding.UTF8.GetBytes(key)) >= weather.HardErrorRatio * ulong.MaxValue)
        {
            return false;
        }

        if (_firstAsked.Count > MostKeys)
        {
            _firstAsked.Clear();
        }

        return time.GetElapsedTime(_firstAsked.GetOrAdd(key, _ => time.GetTimestamp())) < TimeSpan.FromMilliseconds(weather.HardErrorMs);
    }
}

/// <summary>Weather at the simulated provider.</summary>
/// <param name="LatencyMs">What a charge or a capture takes longer; an authorization, which settles nothing, a tenth of it.</param>
/// <param name="ErrorRatio">Share of requests that are answered with 500 and have no effect.</param>
/// <param name="HardErrorRatio">Share of charges, authorizations and captures that are answered with 500 each time they are asked for, for <paramref name="HardErrorMs"/> from the first.</param>
/// <param name="HardErrorMs">How long they fail.</param>
internal sealed record Weather(int LatencyMs, double ErrorRatio, double HardErrorRatio = 0, int HardErrorMs = 0)
{
    public const int LongestHardMs = 600_000;

    public const int LongestMs = 60_000;
}
