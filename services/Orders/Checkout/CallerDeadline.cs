using Microsoft.Extensions.Options;
using ResilientShop.Resilience;

namespace ResilientShop.Orders.Checkout;

/// <summary>How long the caller of the request being served waits: what it said, else the SLA. Thread-safe.</summary>
internal sealed class CallerDeadline(IOptions<CheckoutOptions> options, TimeProvider time)
{
    /// <summary>The moment by which the answer must be on its way.</summary>
    public Deadline Current =>
        (Deadline.Current is { IsNone: false } deadline ? deadline : Deadline.After(options.Value.Sla, time)).Less(options.Value.Reserve);

    /// <summary>Runs <paramref name="wait"/> until the deadline.</summary>
    /// <returns>Its result, or null when the deadline came first.</returns>
    /// <exception cref="OperationCanceledException">The caller has gone.</exception>
    public async Task<T?> WithinAsync<T>(Deadline deadline, Func<CancellationToken, Task<T>> wait, CancellationToken aborted)
        where T : class
    {
        using var expired = new CancellationTokenSource(deadline.Remaining, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(expired.Token, aborted);
        try
        {
            return await wait(either.Token);
        }
        catch (OperationCanceledException) when (expired.IsCancellationRequested && !aborted.IsCancellationRequested)
        {
            return null;
        }
    }
}
