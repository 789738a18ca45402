using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace ResilientShop.Resilience.Policies;

/// <summary>
/// What a store of files keeps beside the policies, in <see cref="PolicyFolder.State"/>: a numbered entry for every state that was ever seen, with its texts, and
/// the intent of a change under way, so that a change of several files that was broken off is completed by whoever comes next. Use it only under
/// <see cref="LockAsync"/>.
/// </summary>
internal sealed class FolderState(PolicyFolder folder, TimeProvider time)
{
    // Enough to find what was right last month, and few enough to be listed at once.
    private const int Kept = 500;

    private static readonly TimeSpan LockPatience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LockInterval = TimeSpan.FromMilliseconds(5);

    private readonly string _state = Path.Combine(folder.Path, PolicyFolder.State);

    private string History => Path.Combine(_state, "history");

    private string Intent => Path.Combine(_state, "change.json");

    public bool ChangeIsUnderWay => File.Exists(Intent);

    /// <summary>One process at a time; the system frees it when its holder dies.</summary>
    public async Task<FileStream> LockAsync(CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        while (true)
        {
            try
            {
                Directory.CreateDirectory(History);
                return new FileStream(Path.Combine(_state, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (time.GetElapsedTime(began) < LockPatience)
            {
                await Task.Delay(LockInterval, time, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                throw PolicyFolder.Failure(exception, $"{_state} cannot be locked: {exception.Message}");
            }
        }
    }

    /// <summary>The number of the newest entry; 0 without one.</summary>
    public long Last => Numbers().FirstOrDefault();

    public Entry? Read(long revision)
    {
        var file = FileOf(revision);
        return File.Exists(file) ? JsonSerializer.Deserialize(File.ReadAllBytes(file), FolderJson.Default.Entry) : null;
    }

    public IEnumerable<long> Numbers() => !Directory.Exists(History) ? [] : Directory.EnumerateFiles(History, "*.json")
        .Select(file => long.TryParse(Path.GetFileNameWithoutExtension(file), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0)
        .Where(number => number > 0)
        .OrderDescending();

    /// <summary>The entry of this state: the newest one, or one that is made now because somebody has changed files by hand.</summary>
    public Entry Record(IReadOnlyList<PolicySource> sources, string? who, string? why)
    {
        var digest = new StoredPolicies(0, sources).Digest;
        var last = Read(Last);
        if (last?.Digest == digest)
        {
            return last;
        }

        if (last is null && sources.Count == 0)
        {
            return new Entry(0, time.GetUtcNow(), null, null, digest, [], []);
        }

        var texts = sources.ToDictionary(source => source.Scope, source => source.Content.ToArray());
        var before = last?.Texts ?? [];
        var changed = texts.Keys.Union(before.Keys).Where(scope => !Same(texts.GetValueOrDefault(scope), before.GetValueOrDefault(scope))).Order(StringComparer.Ordinal);
        var entry = new Entry(Last + 1, time.GetUtcNow(), who, why, digest, [.. changed], texts);
        Replace(FileOf(entry.Revision), JsonSerializer.SerializeToUtf8Bytes(entry, FolderJson.Default.Entry));
        foreach (var old in Numbers().Skip(Kept).ToList())
        {
            File.Delete(FileOf(old));
        }

        return entry;
    }

    /// <summary>Writes the files of a change. Once its intent is on disk it will be made whole, if not by us.</summary>
    public void Write(PolicyChange change)
    {
        var intent = new PendingChange(change.Who, change.Why, change.Scopes.ToDictionary(scope => scope.Key, scope => scope.Value is { } text ? Convert.ToBase64String(text.Span) : null));
        Replace(Intent, JsonSerializer.SerializeToUtf8Bytes(intent, FolderJson.Default.PendingChange));
        Complete();
    }

    /// <summary>Makes what is left of a change that was broken off.</summary>
    public void Complete()
    {
        if (!File.Exists(Intent))
        {
            return;
        }

        var intent = JsonSerializer.Deserialize(File.ReadAllBytes(Intent), FolderJson.Default.PendingChange)!;
        var files = folder.Files().ToLookup(file => file.Scope, file => file.File, StringComparer.Ordinal);
        foreach (var (scope, text) in intent.Scopes)
        {
            var file = files[scope].FirstOrDefault() ?? folder.FileOf(scope);
            if (text is null)
            {
                File.Delete(file);
            }
            else
            {
                Directory.CreateDirectory(Path.GetDirectoryName(file)!);
                Replace(file, Convert.FromBase64String(text));
            }
        }

        Record(folder.Read(), intent.Who, intent.Why);
        File.Delete(Intent);
    }

    /// <summary>Whoever reads the file sees the old or the new text, never half of one.</summary>
    public void Replace(string file, byte[] content)
    {
        var fresh = Path.Combine(_state, $"{Path.GetRandomFileName()}.new");
        File.WriteAllBytes(fresh, content);
        File.Move(fresh, file, overwrite: true);
    }

    private string FileOf(long revision) => Path.Combine(History, string.Create(CultureInfo.InvariantCulture, $"{revision:D8}.json"));

    private static bool Same(byte[]? one, byte[]? other) => one is null ? other is null : other is not null && one.AsSpan().SequenceEqual(other);

    /// <summary>A state that was seen.</summary>
    internal sealed record Entry(long Revision, DateTimeOffset At, string? Who, string? Why, string Digest, IReadOnlyList<string> Changed, Dictionary<string, byte[]> Texts);

    /// <summary>A change that has begun: texts in base 64, null for a scope that goes.</summary>
    internal sealed record PendingChange(string Who, string Why, Dictionary<string, string?> Scopes);
}

[JsonSerializable(typeof(FolderState.Entry))]
[JsonSerializable(typeof(FolderState.PendingChange))]
[JsonSerializable(typeof(Acknowledgement))]
internal sealed partial class FolderJson : JsonSerializerContext;
