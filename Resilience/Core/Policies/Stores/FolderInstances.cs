using System.Text.Json;

namespace ResilientShop.Resilience.Policies;

/// <summary>
/// What instances say of the policies they run, a file each. An instance touches its own again and again; one that has not for <see cref="Lease"/> is dead, and
/// whoever looks takes its file away. Thread-safe.
/// </summary>
internal sealed class FolderInstances(PolicyFolder folder, FolderState state, TimeProvider time) : IAsyncDisposable
{
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(15);
    private readonly string _path = Path.Combine(folder.Path, PolicyFolder.State, "instances");
    private readonly Lock _gate = new();
    private readonly HashSet<string> _own = new(StringComparer.Ordinal);
    private ITimer? _heartbeat;

    public void Write(Acknowledgement acknowledgement)
    {
        var file = Path.Combine(_path, $"{Plain(acknowledgement.Service)}.{Plain(acknowledgement.Instance)}.json");
        Directory.CreateDirectory(_path);
        state.Replace(file, JsonSerializer.SerializeToUtf8Bytes(acknowledgement, FolderJson.Default.Acknowledgement));
        lock (_gate)
        {
            _own.Add(file);
            _heartbeat ??= time.CreateTimer(_ => Touch(), null, Lease / 3, Lease / 3);
        }
    }

    public IReadOnlyList<Acknowledgement> Read()
    {
        var found = new List<Acknowledgement>();
        foreach (var file in Directory.Exists(_path) ? Directory.EnumerateFiles(_path, "*.json") : [])
        {
            if (time.GetUtcNow() - File.GetLastWriteTimeUtc(file) > Lease)
            {
                File.Delete(file);
            }
            else if (ReadOne(file) is { } acknowledgement)
            {
                found.Add(acknowledgement);
            }
        }

        return [.. found.OrderBy(one => one.Service, StringComparer.Ordinal).ThenBy(one => one.Instance, StringComparer.Ordinal)];
    }

    public async ValueTask DisposeAsync()
    {
        if (_heartbeat is not null)
        {
            await _heartbeat.DisposeAsync().ConfigureAwait(false);
        }

        lock (_gate)
        {
            foreach (var file in _own.Where(File.Exists))
            {
                File.Delete(file);
            }

            _own.Clear();
        }
    }

    private void Touch()
    {
        lock (_gate)
        {
            foreach (var file in _own.Where(File.Exists))
            {
                File.SetLastWriteTimeUtc(file, time.GetUtcNow().UtcDateTime);
            }
        }
    }

    private static Acknowledgement? ReadOne(string file)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(file), FolderJson.Default.Acknowledgement);
        }
        catch (FileNotFoundException)
        {
            return null; // Its instance has ended just now.
        }
        catch (JsonException)
        {
            return null; // Not ours.
        }
    }

    private static string Plain(string name) => string.Concat(name.Select(character => PolicyScope.IsName(character.ToString()) ? character : '-'));
}
