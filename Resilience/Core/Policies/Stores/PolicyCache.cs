using System.Text.Json;

namespace ResilientShop.Resilience.Policies;

/// <summary>
/// The last good policies of a process on its own disk, so that an instance that restarts while the store is away goes on with them and not with the shipped ones.
/// Thread-safe.
/// </summary>
/// <param name="file">The file.</param>
public sealed class PolicyCache(string file)
{
    /// <summary>Keeps them, over those before.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void Write(StoredPolicies stored)
    {
        ArgumentNullException.ThrowIfNull(stored);
        var texts = stored.Sources.ToDictionary(source => source.Scope, source => source.Content.ToArray());
        var entry = new FolderState.Entry(stored.Revision, default, null, null, stored.Digest, [], texts);
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(file))!);
        var fresh = $"{file}.{Path.GetRandomFileName()}";
        File.WriteAllBytes(fresh, JsonSerializer.SerializeToUtf8Bytes(entry, FolderJson.Default.Entry));
        File.Move(fresh, file, overwrite: true);
    }

    /// <summary>What was kept, or null when there is nothing that can be read.</summary>
    public StoredPolicies? Read()
    {
        try
        {
            return File.Exists(file) && JsonSerializer.Deserialize(File.ReadAllBytes(file), FolderJson.Default.Entry) is { } entry
                ? new StoredPolicies(entry.Revision, [.. entry.Texts.OrderBy(text => text.Key, StringComparer.Ordinal).Select(text => new PolicySource(text.Key, $"{file} ({text.Key})", text.Value))])
                : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }
}
