namespace ResilientShop.Resilience.Policies;

/// <summary>A wish to have everything as it was at an earlier revision. Immutable.</summary>
/// <param name="Revision">The revision to go back to.</param>
/// <param name="Who">Who wishes it, for the audit.</param>
/// <param name="Why">Why, for the audit.</param>
public sealed record PolicyRestore(long Revision, string Who, string Why)
{
    /// <summary>The revision that the wish was made from, see <see cref="PolicyChange.From"/>.</summary>
    public long? From { get; init; }
}

/// <summary>
/// The way to change a store that keeps it right: a change is laid into what the store holds, the whole document is checked, and only a valid one is written,
/// over exactly the state that was checked. What other people write in the meantime is never lost: the change is then checked again against that.
/// Thread-safe. Everything throws <see cref="PolicyStoreException"/> for what can go wrong with a store.
/// </summary>
public sealed class PolicyEditor
{
    // Each round is lost only to somebody else's success; people and pipelines that change policies are few.
    private const int MaxRounds = 8;

    private readonly IPolicyStore _store;

    /// <summary>For changes of <paramref name="store"/>, which stays the caller's to dispose of.</summary>
    public PolicyEditor(IPolicyStore store)
    {
        ArgumentNullException.ThrowIfNull(store);
        _store = store;
    }

    /// <summary>What finds contradictions; by default <see cref="PolicyLinter"/>.</summary>
    public Func<PolicyDocument, IReadOnlyList<PolicyFinding>> Lint { get; init; } = PolicyLinter.Lint;

    /// <summary>What messages call the new text of a scope, for example the file it came from; by default the scope.</summary>
    public Func<string, string> LocationOf { get; init; } = scope => scope;

    /// <summary>What would come of a change. Writes nothing.</summary>
    /// <exception cref="PolicyStoreException">With <see cref="PolicyStoreFailure.Conflict"/> when the store has changed since <see cref="PolicyChange.From"/>.</exception>
    public Task<PolicyEdit> CheckAsync(PolicyChange change, CancellationToken cancellationToken)
    {
        RequireAudit(change?.Who, change?.Why);
        return CheckAsync(_ => change!, LocationOf, cancellationToken);
    }

    /// <summary>Checks a change and writes it, unless it is refused or changes nothing: <see cref="PolicyEdit.IsWritten"/> tells.</summary>
    /// <exception cref="PolicyStoreException">
    /// With <see cref="PolicyStoreFailure.Conflict"/> when the store has changed since <see cref="PolicyChange.From"/>, or changes all the time. With
    /// <see cref="PolicyStoreFailure.Unavailable"/> it is not known whether the change was made.
    /// </exception>
    public Task<PolicyEdit> ApplyAsync(PolicyChange change, CancellationToken cancellationToken)
    {
        RequireAudit(change?.Who, change?.Why);
        return ApplyAsync(_ => change!, LocationOf, cancellationToken);
    }

    /// <summary>What would come of going back. Writes nothing.</summary>
    /// <exception cref="PolicyStoreException">Also with <see cref="PolicyStoreFailure.UnknownRevision"/> and <see cref="PolicyStoreFailure.Compacted"/>.</exception>
    public async Task<PolicyEdit> CheckAsync(PolicyRestore restore, CancellationToken cancellationToken)
    {
        RequireAudit(restore?.Who, restore?.Why);
        var past = await _store.ReadAsync(restore!.Revision, cancellationToken).ConfigureAwait(false);
        return await CheckAsync(current => ChangeTo(past, current, restore), scope => Location(scope, restore), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Makes everything what it was, also deleting what was not there then. Checked as any change; an old state may contradict today's rules.</summary>
    /// <exception cref="PolicyStoreException">Also with <see cref="PolicyStoreFailure.UnknownRevision"/> and <see cref="PolicyStoreFailure.Compacted"/>.</exception>
    public async Task<PolicyEdit> ApplyAsync(PolicyRestore restore, CancellationToken cancellationToken)
    {
        RequireAudit(restore?.Who, restore?.Why);
        var past = await _store.ReadAsync(restore!.Revision, cancellationToken).ConfigureAwait(false);
        return await ApplyAsync(current => ChangeTo(past, current, restore), scope => Location(scope, restore), cancellationToken).ConfigureAwait(false);
    }

    private async Task<PolicyEdit> ApplyAsync(Func<StoredPolicies, PolicyChange> changeOf, Func<string, string> locationOf, CancellationToken cancellationToken)
    {
        for (var round = 1; ; round++)
        {
            var (edit, mayRepeat) = await CheckRoundAsync(changeOf, locationOf, cancellationToken).ConfigureAwait(false);
            if (edit.IsRefused || edit.ChangesNothing)
            {
                return edit;
            }

            if (await TryWriteAsync(edit, mayRepeat && round < MaxRounds, cancellationToken).ConfigureAwait(false) is { } revision)
            {
                return edit.WrittenAs(revision);
            }
        }
    }

    /// <summary>Null when somebody else was faster and it <paramref name="mayRepeat"/>.</summary>
    private async Task<long?> TryWriteAsync(PolicyEdit edit, bool mayRepeat, CancellationToken cancellationToken)
    {
        try
        {
            return await _store.ChangeAsync(edit.Change, cancellationToken).ConfigureAwait(false);
        }
        catch (PolicyStoreException conflict) when (conflict.Failure == PolicyStoreFailure.Conflict && mayRepeat)
        {
            return null;
        }
    }

    private async Task<PolicyEdit> CheckAsync(Func<StoredPolicies, PolicyChange> changeOf, Func<string, string> locationOf, CancellationToken cancellationToken) =>
        (await CheckRoundAsync(changeOf, locationOf, cancellationToken).ConfigureAwait(false)).Edit;

    private async Task<(PolicyEdit Edit, bool MayRepeat)> CheckRoundAsync(
        Func<StoredPolicies, PolicyChange> changeOf, Func<string, string> locationOf, CancellationToken cancellationToken)
    {
        var current = await _store.ReadAsync(cancellationToken).ConfigureAwait(false);
        var change = changeOf(current);
        if (change.From is { } from)
        {
            await RequireUnchangedAsync(from, cancellationToken).ConfigureAwait(false);
        }

        return (PolicyEdit.Check(current, change, Lint, locationOf), change.From is null);
    }

    /// <summary>
    /// Says so before errors are listed that may be somebody else's. The store's number may count more than policies, so its history is asked. The store itself
    /// has the last word when it writes.
    /// </summary>
    private async Task RequireUnchangedAsync(long from, CancellationToken cancellationToken)
    {
        if (await _store.HistoryAsync(1, cancellationToken).ConfigureAwait(false) is [var latest, ..] && latest.Revision > from)
        {
            throw new PolicyStoreException(
                PolicyStoreFailure.Conflict,
                FormattableString.Invariant($"{_store.Name} is at revision {latest.Revision}, changed since revision {from}; look at what changed and make the change from there."));
        }
    }

    private static PolicyChange ChangeTo(StoredPolicies past, StoredPolicies current, PolicyRestore restore)
    {
        var scopes = past.Sources.ToDictionary(source => source.Scope, ReadOnlyMemory<byte>? (source) => source.Content, StringComparer.Ordinal);
        foreach (var source in current.Sources)
        {
            scopes.TryAdd(source.Scope, null);
        }

        return new PolicyChange(scopes, restore.Who, restore.Why) { From = restore.From };
    }

    private static string Location(string scope, PolicyRestore restore) => FormattableString.Invariant($"{scope} of revision {restore.Revision}");

    private static void RequireAudit(string? who, string? why)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(who);
        ArgumentException.ThrowIfNullOrWhiteSpace(why);
    }
}
