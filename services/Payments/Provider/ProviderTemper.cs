using Microsoft.Extensions.Options;

namespace ResilientShop.Payments.Provider;

/// <summary>Makes callers wait as their mood says.</summary>
internal sealed class ProviderTemper(IOptions<SimulationOptions> options, TimeProvider time, IHostApplicationLifetime lifetime)
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
        if (wait > TimeSpan.Zero)
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, lifetime.ApplicationStopping);
            await Task.Delay(wait, time, either.Token);
        }

        return !mood.IsSilent;
    }
}
