using System.Threading.Channels;

namespace ResilientShop.Resilience.Policies;

/// <summary>
/// Tells when a folder may have changed: at once by the system's notifications, and in any case every <see cref="Interval"/>, because they do not come from every
/// file system, not through links and not in a flood. Not thread-safe.
/// </summary>
internal sealed class FolderWatch : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    // An editor empties a file and then writes it, and several files are saved one after the other: what is read before all is quiet may be half of it.
    private static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(40);
    private static readonly TimeSpan LongestUnrest = TimeSpan.FromMilliseconds(400);

    private readonly Channel<bool> _changes = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly string _path;
    private readonly TimeProvider _time;
    private FileSystemWatcher? _watcher;

    public FolderWatch(string path, TimeProvider time)
    {
        (_path, _time) = (path, time);
        Watch();
    }

    /// <summary>Waits until something may have changed and all is quiet again.</summary>
    public async Task ChangedAsync(CancellationToken cancellationToken)
    {
        if (!await ComesAsync(Interval, cancellationToken).ConfigureAwait(false))
        {
            Watch();
            return;
        }

        var began = _time.GetTimestamp();
        while (await ComesAsync(Quiet, cancellationToken).ConfigureAwait(false) && _time.GetElapsedTime(began) < LongestUnrest)
        {
            // Still being written.
        }
    }

    public void Dispose() => _watcher?.Dispose();

    private async Task<bool> ComesAsync(TimeSpan within, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(within, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            return await _changes.Reader.ReadAsync(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    // Again when the folder has been away.
    private void Watch()
    {
        if (_watcher is { EnableRaisingEvents: true } && Directory.Exists(_path))
        {
            return;
        }

        _watcher?.Dispose();
        _watcher = null;
        if (!Directory.Exists(_path))
        {
            return;
        }

        try
        {
            var watcher = new FileSystemWatcher(_path) { IncludeSubdirectories = true };
            watcher.Changed += OnChange;
            watcher.Created += OnChange;
            watcher.Deleted += OnChange;
            watcher.Renamed += OnChange;
            watcher.Error += (_, _) => watcher.EnableRaisingEvents = false;
            watcher.EnableRaisingEvents = true;
            _watcher = watcher;
        }
        catch (Exception exception) when (exception is IOException or ArgumentException)
        {
            _watcher = null; // No notifications to be had, for example because too many folders are watched; the interval remains.
        }
    }

    private void OnChange(object sender, FileSystemEventArgs change)
    {
        if (change.Name is null || !change.Name.StartsWith(PolicyFolder.State, StringComparison.Ordinal))
        {
            _changes.Writer.TryWrite(true);
        }
    }
}
