using System.Text.Json;
using System.Text.Json.Nodes;
using ResilientShop.AppHost.Embedded.Model;

namespace ResilientShop.AppHost.Embedded.Runtime;

/// <summary>Waits until everything is healthy or known to be missing, and then says where to look.</summary>
internal sealed class Readiness(EmbeddedHost host, string? readyFile)
{
    private static readonly TimeSpan ProgressInterval = TimeSpan.FromSeconds(10);
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

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
        WriteReadyFile();
        host.Output.Line("");
        host.Output.Line($"Ready after {Elapsed(startedAt)}.");
        foreach (var (title, url) in Links())
        {
            host.Output.Line($"  {title,-12} {url}");
        }

        host.Output.Line("  Next         dotnet run --project tools/Replay -- data/online-retail/2010-12-01.csv --gateway " + (Url("gateway") ?? "URL") + " --rate 50 --concurrency 32");
        host.Output.Line("");
    }

    /// <summary>Removes the file of an earlier run, which nobody must take for ours. Null when all is well, else what is wrong.</summary>
    public static string? Prepare(string? readyFile)
    {
        try
        {
            if (readyFile is not null)
            {
                File.WriteAllText(readyFile + ".new", "");
                File.Delete(readyFile + ".new");
                File.Delete(readyFile);
            }

            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"--ready-file {readyFile} cannot be written: {e.Message} Name a file in a folder that exists and can be written.";
        }
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
        from link in new[] { ("Gateway", "gateway"), ("Operations", "operations"), ("Dashboard", "dashboard"), ("Prometheus", "prometheus"), ("Policies", "etcd") }
        let url = Url(link.Item2)
        where url is not null
        select (link.Item1, url);

    private string? Url(string name) =>
        host.Instances.FirstOrDefault(instance => instance.Resource.Name == name && instance.Snapshot.State is ResourceState.Running) is { } instance
            ? ResourceUrls.Of(instance, host.Ports).Select(url => url.Address).FirstOrDefault()
            : null;

    private void WriteReadyFile()
    {
        if (readyFile is null)
        {
            return;
        }

        var content = new JsonObject();
        foreach (var resource in host.Instances.Select(instance => instance.Resource).Distinct())
        {
            if (Url(resource.Name) is { } url)
            {
                content[resource.Name] = url;
            }
        }

        content["processes"] = new JsonArray([.. host.Instances.Where(instance => instance.Snapshot.ProcessId is not null).Select(instance => new JsonObject
        {
            ["name"] = instance.Name,
            ["pid"] = instance.Snapshot.ProcessId,
        })]);

        // Whoever waits for the file must never see half of it.
        File.WriteAllText(readyFile + ".new", content.ToJsonString(Indented) + "\n");
        File.Move(readyFile + ".new", readyFile, overwrite: true);
    }
}
