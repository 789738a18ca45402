using System.Runtime.CompilerServices;
using System.Text;

namespace Tests.Policies;

/// <summary>A store in memory, with knobs for what tests want to happen. Not thread-safe.</summary>
internal sealed class MemoryPolicyStore(TimeProvider time) : IPolicyStore
{
    private readonly List<(StoredPolicies Policies, PolicyHistoryEntry Entry)> _states = [];
    private readonly List<Acknowledgement> _instances = [];

    public string Name => "memory";

    /// <summary>How many changes were written through the interface.</summary>
    public int Changes { get; private set; }

    /// <summary>Whether it was closed.</summary>
    public bool IsDisposed { get; private set; }

    /// <summary>What every call but the acknowledgements' throws.</summary>
    public PolicyStoreException? Failure { get; set; }

    /// <summary>What reading the acknowledgements throws.</summary>
    public PolicyStoreException? AcknowledgementsFailure { get; set; }

    /// <summary>Happens before a change is made, for example another one.</summary>
    public Action? BeforeChange { get; set; }

    /// <summary>Happens before the acknowledgements are read the n-th time, from 1.</summary>
    public Action<int>? BeforeAcknowledgements { get; set; }

    public int AcknowledgementReads { get; private set; }

    public StoredPolicies Now => _states is [.., var last] ? last.Policies : new StoredPolicies(0, []);

    /// <summary>Changes the text of a scope past the audit; null deletes it.</summary>
    public StoredPolicies Put(string scope, string? text, string? who = null, string? why = null) =>
        Lay(new Dictionary<string, ReadOnlyMemory<byte>?> { [scope] = text is null ? default(ReadOnlyMemory<byte>?) : Encoding.UTF8.GetBytes(text) }, who, why);

    /// <summary>An instance says what it runs, over what it said before.</summary>
    public void Say(Acknowledgement acknowledgement)
    {
        _instances.RemoveAll(other => other.Service == acknowledgement.Service && other.Instance == acknowledgement.Instance);
        _instances.Add(acknowledgement);
    }

    /// <summary>An instance runs a state.</summary>
    public void Run(string instance, StoredPolicies policies) =>
        Say(new Acknowledgement { Service = "orders", Instance = instance, Revision = policies.Revision, Digest = policies.Digest, At = time.GetUtcNow() });

    /// <summary>An instance ends.</summary>
    public void Leave(string instance) => _instances.RemoveAll(other => other.Instance == instance);

    public string? TextOf(string scope) => Now.Sources.FirstOrDefault(source => source.Scope == scope) is { } source ? Encoding.UTF8.GetString(source.Content.Span) : null;

    public Task<StoredPolicies> ReadAsync(CancellationToken cancellationToken)
    {
        ThrowIfFailing();
        return Task.FromResult(Now);
    }

    public Task<StoredPolicies> ReadAsync(long revision, CancellationToken cancellationToken)
    {
        ThrowIfFailing();
        var found = _states.FirstOrDefault(state => state.Policies.Revision == revision).Policies;
        return Task.FromResult(found ?? throw new PolicyStoreException(PolicyStoreFailure.UnknownRevision, $"memory has no revision {revision}; see its history."));
    }

    public async IAsyncEnumerable<StoredPolicies> WatchAsync(Action<PolicyStoreException?> problem, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        yield return await ReadAsync(cancellationToken);
        await Task.Delay(Timeout.InfiniteTimeSpan, time, cancellationToken);
    }

    public Task<long> ChangeAsync(PolicyChange change, CancellationToken cancellationToken)
    {
        BeforeChange?.Invoke();
        ThrowIfFailing();
        if (change.From is { } from && from < Now.Revision)
        {
            throw new PolicyStoreException(PolicyStoreFailure.Conflict, $"memory has changed since revision {from}.");
        }

        Changes++;
        return Task.FromResult(Lay(change.Scopes, change.Who, change.Why).Revision);
    }

    public Task<IReadOnlyList<PolicyHistoryEntry>> HistoryAsync(int most, CancellationToken cancellationToken)
    {
        ThrowIfFailing();
        return Task.FromResult<IReadOnlyList<PolicyHistoryEntry>>([.. _states.Select(state => state.Entry).Reverse().Take(most)]);
    }

    public Task AcknowledgeAsync(Acknowledgement acknowledgement, CancellationToken cancellationToken)
    {
        Say(acknowledgement);
        return Task.CompletedTask;
    }

    public Task<IReadOnlyList<Acknowledgement>> AcknowledgementsAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        BeforeAcknowledgements?.Invoke(++AcknowledgementReads);
        return AcknowledgementsFailure is { } failure
            ? Task.FromException<IReadOnlyList<Acknowledgement>>(failure)
            : Task.FromResult<IReadOnlyList<Acknowledgement>>([.. _instances.OrderBy(instance => instance.Service).ThenBy(instance => instance.Instance)]);
    }

    public ValueTask DisposeAsync()
    {
        IsDisposed = true;
        return ValueTask.CompletedTask;
    }

    private StoredPolicies Lay(IReadOnlyDictionary<string, ReadOnlyMemory<byte>?> scopes, string? who, string? why)
    {
        var sources = Now.Sources.ToDictionary(source => source.Scope);
        foreach (var (scope, content) in scopes)
        {
            sources.Remove(scope);
            if (content is { } text)
            {
                sources.Add(scope, new PolicySource(scope, $"memory:{scope}", text));
            }
        }

        var state = new StoredPolicies(Now.Revision + 1, [.. sources.Values.OrderBy(source => source.Scope, StringComparer.Ordinal)]);
        _states.Add((state, new PolicyHistoryEntry(state.Revision, time.GetUtcNow(), who, why, [.. scopes.Keys])));
        return state;
    }

    private void ThrowIfFailing()
    {
        if (Failure is { } failure)
        {
            throw failure;
        }
    }
}
