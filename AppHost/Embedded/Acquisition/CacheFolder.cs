namespace AppHost.Embedded.Acquisition;

/// <summary>
/// Where downloaded servers are kept, a folder each, complete or not there at all. Two AppHosts may share it: each
/// download is unpacked beside its place and moved in when it is whole.
/// </summary>
internal sealed class CacheFolder(string path, Action<string> notice)
{
    private readonly Lock _deciding = new();
    private string? _writable;

    /// <summary>The folder of <paramref name="name"/>; <paramref name="download"/> fills it when it is not there yet.</summary>
    /// <exception cref="Runtime.ResourceMissingException">It could not be had.</exception>
    public async Task<string> GetOrAddAsync(string name, string runPath, Func<string, Task> download)
    {
        if (Directory.Exists(Path.Combine(path, name)))
        {
            return Path.Combine(path, name);
        }

        var root = WritableRoot(runPath);
        var target = Path.Combine(root, name);
        RemoveAbandoned(root, name);
        var staging = Path.Combine(root, $".{name}-{Guid.NewGuid():N}");
        Directory.CreateDirectory(staging);
        try
        {
            await download(staging);
            MoveIn(staging, target);
        }
        finally
        {
            if (Directory.Exists(staging))
            {
                Directory.Delete(staging, recursive: true);
            }
        }

        return target;
    }

    /// <summary>What a download that was killed has left. A young folder may be another AppHost's that is at work.</summary>
    private static void RemoveAbandoned(string root, string name)
    {
        foreach (var folder in Directory.EnumerateDirectories(root, $".{name}-*").Where(folder => Directory.GetLastWriteTimeUtc(folder) < DateTime.UtcNow - TimeSpan.FromHours(1)))
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void MoveIn(string staging, string target)
    {
        try
        {
            Directory.Move(staging, target);
        }
        catch (IOException) when (Directory.Exists(target))
        {
            // Another AppHost was quicker; its copy is as good as ours.
        }
    }

    private string WritableRoot(string runPath)
    {
        lock (_deciding)
        {
            if (_writable is null)
            {
                _writable = IsWritable(path) ? path : Path.Combine(runPath, "cache");
                if (_writable != path)
                {
                    Directory.CreateDirectory(_writable);
                    notice($"{path} cannot be written, so downloads are kept for this run only. Set Embedded__CachePath to a folder that can.");
                }
            }

            return _writable;
        }
    }

    private static bool IsWritable(string folder)
    {
        try
        {
            Directory.CreateDirectory(folder);
            var probe = Path.Combine(folder, $".probe-{Guid.NewGuid():N}");
            File.WriteAllText(probe, "");
            File.Delete(probe);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
