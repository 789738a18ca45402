using System.Runtime.CompilerServices;

namespace ResilientShop.Resilience.Policies;

/// <summary>
/// Policies in the YAML files of a folder, see <see cref="PolicyFolder"/>: for a machine without etcd, and for policies that a deployment mounts. Files may be
/// replaced by renaming, saved in place by an editor, or swapped behind a link; what is half written is not taken. History, locks and acknowledgements are in the
/// sub-folder <c>.state</c>; where that cannot be written the policies are still read and watched. Thread-safe, also between processes.
/// </summary>
public sealed class DirectoryPolicyStore : IPolicyStore
{
    private readonly PolicyFolder _folder;
    private readonly FolderState _state;
    private readonly FolderInstances _instances;
    private readonly TimeProvider _time;

    /// <param name="path">The folder.</param>
    /// <param name="time">The clock; the system's when null.</param>
    public DirectoryPolicyStore(string path, TimeProvider? time = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        _time = time ?? TimeProvider.System;
        _folder = new PolicyFolder(Path.GetFullPath(path));
        _state = new FolderState(_folder, _time);
        _instances = new FolderInstances(_folder, _state, _time);
    }

    /// <inheritdoc/>
    public string Name => $"files in {_folder.Path}";

    /// <inheritdoc/>
    public Task<StoredPolicies> ReadAsync(CancellationToken cancellationToken) => LockedAsync(ReadLocked, cancellationToken);

    /// <inheritdoc/>
    public Task<StoredPolicies> ReadAsync(long revision, CancellationToken cancellationToken) => LockedAsync(
        () =>
        {
            ReadLocked();
            if (_state.Read(revision) is { } entry)
            {
                return new StoredPolicies(
                    revision, [.. entry.Texts.OrderBy(text => text.Key, StringComparer.Ordinal).Select(text => new PolicySource(text.Key, $"{text.Key}@{revision}", text.Value))]);
            }

            throw revision > _state.Last || revision < 1
                ? new PolicyStoreException(PolicyStoreFailure.UnknownRevision, $"There is no revision {revision}; the latest is {_state.Last}. See the history.")
                : new PolicyStoreException(PolicyStoreFailure.Compacted, $"Revision {revision} is no longer kept. See the history for those that are.");
        },
        cancellationToken);

    /// <inheritdoc/>
    public async IAsyncEnumerable<StoredPolicies> WatchAsync(
        Action<PolicyStoreException?> problem, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(problem);
        using var watch = new FolderWatch(_folder.Path, _time);
        StoredPolicies? last = null;
        var isWell = true;
        while (true)
        {
            StoredPolicies? current = null;
            try
            {
                current = await ReadWatchedAsync(last, cancellationToken).ConfigureAwait(false);
                if (!isWell)
                {
                    problem(null);
                }

                isWell = true;
            }
            catch (PolicyStoreException exception)
            {
                isWell = false;
                problem(exception);
            }

            if (current is not null)
            {
                yield return last = current;
            }

            await watch.ChangedAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public Task<long> ChangeAsync(PolicyChange change, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(change);
        PolicyErrors.ThrowIfAny(errors => Check(change, errors));

        return LockedAsync(
            () =>
            {
                var current = ReadLocked();
                if (change.From is { } from && from != current.Revision)
                {
                    throw new PolicyStoreException(
                        PolicyStoreFailure.Conflict, $"The policies are at revision {current.Revision} and no longer at {from}. Look at the difference and try again.");
                }

                _state.Write(change);
                return _state.Last;
            },
            cancellationToken);
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<PolicyHistoryEntry>> HistoryAsync(int most, CancellationToken cancellationToken) => LockedAsync<IReadOnlyList<PolicyHistoryEntry>>(
        () =>
        {
            ReadLocked();
            return [.. _state.Numbers().Take(most).Select(_state.Read).OfType<FolderState.Entry>().Select(
                entry => new PolicyHistoryEntry(entry.Revision, entry.At, entry.Who, entry.Why, entry.Changed))];
        },
        cancellationToken);

    /// <inheritdoc/>
    public Task AcknowledgeAsync(Acknowledgement acknowledgement, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(acknowledgement);
        return LockedAsync(
            () =>
            {
                _instances.Write(acknowledgement);
                return true;
            },
            cancellationToken);
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<Acknowledgement>> AcknowledgementsAsync(CancellationToken cancellationToken) => LockedAsync(_instances.Read, cancellationToken);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _instances.DisposeAsync();

    private static void Check(PolicyChange change, PolicyErrors errors)
    {
        foreach (var (scope, text) in change.Scopes)
        {
            errors.Require("the scope", PolicyNode.Quote(scope), PolicyScope.IsValid(scope), PolicyScope.Expected);
            if (text is { Length: > PolicySource.MaxBytes } large)
            {
                errors.Add(PolicyYaml.TooLarge(scope, large.Length));
            }
        }
    }

    private StoredPolicies ReadLocked()
    {
        _state.Complete();
        var sources = _folder.Read();
        return new StoredPolicies(_state.Record(sources, who: null, why: null).Revision, sources);
    }

    /// <summary>The present state, or null when it is <paramref name="last"/>. The lock is taken only to number a state that is new.</summary>
    private async Task<StoredPolicies?> ReadWatchedAsync(StoredPolicies? last, CancellationToken cancellationToken)
    {
        if (last is not null && !_state.ChangeIsUnderWay && new StoredPolicies(0, _folder.Read()).Digest == last.Digest)
        {
            return null;
        }

        try
        {
            var current = await ReadAsync(cancellationToken).ConfigureAwait(false);
            return current.Digest == last?.Digest ? null : current;
        }
        catch (PolicyStoreException exception) when (exception.Failure == PolicyStoreFailure.Denied)
        {
            // Mounted for reading only: no history then, and the number is our own.
            var sources = _folder.Read();
            return new StoredPolicies((last?.Revision ?? 0) + 1, sources) is var current && current.Digest != last?.Digest ? current : null;
        }
    }

    private async Task<T> LockedAsync<T>(Func<T> work, CancellationToken cancellationToken)
    {
        if (!Directory.Exists(_folder.Path))
        {
            throw new PolicyStoreException(PolicyStoreFailure.Unavailable, $"There is no folder {_folder.Path} for the policies. Create it, or name another one.");
        }

        try
        {
            await using var held = await _state.LockAsync(cancellationToken).ConfigureAwait(false);
            return work();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or System.Text.Json.JsonException)
        {
            throw PolicyFolder.Failure(exception, $"{Name}: {exception.Message}");
        }
    }
}
