namespace AppHost.Embedded.Runtime;

/// <summary>Asks an instance for its health: often until it is healthy, then now and then.</summary>
internal sealed class HealthWatch(ResourceInstance instance, TimeProvider time)
{
    private static readonly TimeSpan WhileUnhealthy = TimeSpan.FromMilliseconds(150);
    private static readonly TimeSpan WhileHealthy = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    /// <summary>Watches until cancelled; calls <paramref name="healthy"/> whenever it finds the instance healthy.</summary>
    public async Task RunAsync(Action healthy, CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                var problem = await CheckAsync(cancellationToken);
                Report(problem);
                if (problem is null)
                {
                    healthy();
                }

                await Task.Delay(problem is null ? WhileHealthy : WhileUnhealthy, time, cancellationToken);
            }
        }
        catch (OperationCanceledException)
        {
            // The instance has ended.
        }
    }

    private async Task<string?> CheckAsync(CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Patience);
        try
        {
            return await instance.Workload.CheckHealthAsync(instance, patience.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return $"no answer within {Patience.TotalSeconds:0} s";
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            return e.Message;
        }
    }

    private void Report(string? problem)
    {
        var before = instance.Snapshot;
        var news = problem ?? "";
        var now = time.GetUtcNow();
        if (before.HealthProblem != news || now - before.CheckedAt > TimeSpan.FromSeconds(30))
        {
            instance.Change(snapshot => snapshot with { HealthProblem = news, CheckedAt = now });
        }
    }
}
