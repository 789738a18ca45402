using Microsoft.Extensions.Options;

namespace ResilientShop.Payments.Provider;

/// <summary>Makes callers wait as their mood and the weather say.</summary>
internal sealed class ProviderTemper(IOptions<SimulationOptions> options, ProviderWeather weather, TimeProvider time, IHostApplicationLifetime lifetime)
{
    /// <summary>Returns true when the provider is ready to work, false when it will never answer.</summary>
    /// <exception cref="OperationCanceledException">The caller gave up, or the process stops, which must not wait for the silent.</exception>
    public async Task<bool> LingerAsync(Mood mood, CancellationToken cancellationToken)
    {
        var wait = mood switch
        {
            { IsSilent: true } => options.Value.LongestSilence,
            { IsSlow: true } => options.Value.SlowAnswer,
            _ => TimeSpan.Zero,
        };
        await WaitAsync(wait + TimeSpan.FromMilliseconds(weather.Current.LatencyMs), cancellationToken);
        return !mood.IsSilent;
    }

    /// <summary>Waits as the weather says for a request that knows no mood.</summary>
    /// <param name="share">The part of a charge's work that the request is.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public Task LingerAsync(double share, CancellationToken cancellationToken) =>
        WaitAsync(TimeSpan.FromMilliseconds(weather.Current.LatencyMs * share), cancellationToken);

    /// <summary>Whether this request for what goes by a key fails.</summary>
    public bool Fails(string key) => Fails() || weather.FailsHard(key);

    /// <summary>Whether this request fails.</summary>
    public bool Fails() => weather.Current.ErrorRatio is > 0 and var ratio && Random.Shared.NextDouble() < ratio;

    private async Task WaitAsync(TimeSpan wait, CancellationToken cancellationToken)
    {
        if (wait > TimeSpan.Zero)
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, lifetime.ApplicationStopping);
            await Task.Delay(wait, time, either.Token);
        }
    }
}
