using System.Text.Json;
using System.Text.Json.Nodes;
using AppHost.Embedded.Model;

namespace AppHost.Embedded.Runtime;

/// <summary>
/// The file of <c>--ready-file</c>: addresses and processes. It appears when everything is healthy. Afterwards its <c>processes</c> follow what runs: a
/// process that is started again has its new id there, none while it is away, and <c>healthy</c> says what its last health check found.
/// </summary>
internal sealed class ReadyFile(EmbeddedHost host, string path)
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    // Addresses stay what they are; what runs when everything is healthy has one.
    private JsonObject? _addresses;

    /// <summary>Removes the file of an earlier run, which nobody must take for ours. Null when all is well, else what is wrong.</summary>
    public static string? Prepare(string? path)
    {
        try
        {
            if (path is not null)
            {
                File.WriteAllText(path + ".new", "");
                File.Delete(path + ".new");
                File.Delete(path);
            }

            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"--ready-file {path} cannot be written: {e.Message} Name a file in a folder that exists and can be written.";
        }
    }

    /// <summary>Writes what is now. Whoever waits for the file never sees half of it.</summary>
    public void Write() => Write(Content());

    /// <summary>Writes the file whenever a process has ended, has started or has changed its health, until cancelled.</summary>
    public async Task KeepCurrentAsync(CancellationToken cancellationToken)
    {
        var last = "";
        await foreach (var _ in host.Watch(cancellationToken).ReadAllAsync(cancellationToken))
        {
            var content = Content();
            if (content != last)
            {
                last = content;
                TryWrite(content);
            }
        }
    }

    private string Content()
    {
        _addresses ??= Addresses();
        var content = _addresses.DeepClone().AsObject();
        content["processes"] = new JsonArray([.. host.Instances.Where(instance => instance.Snapshot is { ProcessId: not null } or { Restarts: > 0 }).Select(Process)]);
        return content.ToJsonString(Indented) + "\n";
    }

    private JsonObject Addresses() => new(
        from name in host.Instances.Select(instance => instance.Resource.Name).Distinct()
        let url = ResourceUrls.Of(name, host)
        where url is not null
        select KeyValuePair.Create<string, JsonNode?>(name, url));

    private JsonObject Process(ResourceInstance instance)
    {
        var snapshot = instance.Snapshot;
        var process = new JsonObject { ["name"] = instance.Name, ["pid"] = snapshot.ProcessId, ["healthy"] = snapshot.IsHealthy };
        if (instance.Resource is ProjectResource && ResourceUrls.Of(instance, host.Ports) is [var url, ..])
        {
            process["url"] = url.Address;
        }

        return process;
    }

    private void TryWrite(string content)
    {
        try
        {
            Write(content);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            host.Output.Line($"--ready-file {path} is not current any more: {e.Message}");
        }
    }

    private void Write(string content)
    {
        File.WriteAllText(path + ".new", content);
        File.Move(path + ".new", path, overwrite: true);
    }
}
