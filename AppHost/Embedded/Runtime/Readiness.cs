namespace AppHost.Embedded.Runtime;

/// <summary>Waits until everything is healthy or known to be missing, and then says where to look.</summary>
internal sealed class Readiness(EmbeddedHost host, ReadyFile? readyFile)
{
    private static readonly TimeSpan ProgressInterval = TimeSpan.FromSeconds(10);

    /// <summary>Announces readiness, on the console and in the ready file.</summary>
    public async Task AnnounceAsync(long startedAt, CancellationToken cancellationToken)
    {
        var settled = Task.WhenAll(host.Instances.Select(instance => SettledAsync(instance, startedAt)));
        while (await Task.WhenAny(settled, Task.Delay(ProgressInterval, host.Time, cancellationToken)) != settled)
        {
            cancellationToken.ThrowIfCancellationRequested();
            host.Output.Line($"{Elapsed(startedAt)}: still waiting for {string.Join("; ", host.Instances.Where(i => !i.Settled.IsCompleted).Select(Waiting))}");
        }

        await settled;
        readyFile?.Write();
        host.Output.Line("");
        host.Output.Line($"Ready after {Elapsed(startedAt)}.");
        foreach (var (title, url) in Links())
        {
            host.Output.Line($"  {title,-12} {url}");
        }

        string[] loads =
        [
            //#if (replayData)
            "data/online-retail/2010-12-01.csv --rate 50 --concurrency 32",
            //#endif
            "--buyers 1000 --stock 10",
        ];
        host.Output.Line($"  Next         dotnet run --project tools/Replay -- {loads[0]} --gateway {ResourceUrls.Of("gateway", host) ?? "URL"}");
        host.Output.Line("");
    }

    private async Task SettledAsync(ResourceInstance instance, long startedAt)
    {
        await instance.Settled;
        if (instance.Snapshot.State is ResourceState.Running)
        {
            host.Output.Notice(instance, $"healthy after {Elapsed(startedAt)}");
        }
    }

    private string Elapsed(long startedAt) => $"{host.Time.GetElapsedTime(startedAt).TotalSeconds:0.0} s";

    private static string Waiting(ResourceInstance instance) => instance.Snapshot switch
    {
        { HealthProblem: { Length: > 0 } problem } => $"{instance.Name} ({problem})",
        { Reason: { } reason } => $"{instance.Name} ({reason})",
        _ => instance.Name,
    };

    private IEnumerable<(string Title, string Url)> Links() =>
        from link in new[] { ("Gateway", "gateway"), ("Operations", "operations"), ("Dashboard", "dashboard"), ("Prometheus", "prometheus"), ("Policies", "etcd"), ("Temporal", "temporal") }
        let url = ResourceUrls.Of(link.Item2, host)
        where url is not null
        select (link.Item1, url);
}
