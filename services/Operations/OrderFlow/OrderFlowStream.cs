using System.Diagnostics;
using System.Runtime.CompilerServices;
using Npgsql;

namespace ResilientShop.Operations.OrderFlow;

/// <summary>
/// The summary once a second, for as long as a page looks. It ends when the database cannot be read; browsers then reconnect by themselves,
/// and the page says that it shows old numbers.
/// </summary>
internal sealed class OrderFlowStream(OrderFlowReader reader, TimeProvider time, IHostApplicationLifetime lifetime)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    public async IAsyncEnumerable<OrderFlowSummary> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, lifetime.ApplicationStopping);
        while (await TryReadAsync(either.Token) is { } summary)
        {
            yield return summary;
            if (!await WaitAsync(timer, either.Token))
            {
                yield break;
            }
        }
    }

    private async Task<OrderFlowSummary?> TryReadAsync(CancellationToken cancellationToken)
    {
        // A page that is open for a day must not grow one trace with a query a second.
        Activity.Current = null;
        try
        {
            return await reader.ReadAsync(cancellationToken);
        }
        catch (Exception exception) when (exception is NpgsqlException or OperationCanceledException)
        {
            return null;
        }
    }

    private static async Task<bool> WaitAsync(PeriodicTimer timer, CancellationToken cancellationToken)
    {
        try
        {
            return await timer.WaitForNextTickAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
