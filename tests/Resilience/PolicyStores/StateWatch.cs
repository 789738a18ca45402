using System.Threading.Channels;

namespace Resilience.Tests.PolicyStores;

/// <summary>A running watch of a store: the states that it yields and what it says of its troubles, each in its order.</summary>
internal sealed class StateWatch : IAsyncDisposable
{
    private readonly Channel<StoredPolicies> _states = Channel.CreateUnbounded<StoredPolicies>();
    private readonly Channel<PolicyStoreException?> _problems = Channel.CreateUnbounded<PolicyStoreException?>();
    private readonly CancellationTokenSource _ending = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
    private readonly Task _watching;

    public StateWatch(IPolicyStore store) => _watching = RunAsync(store);

    /// <summary>The next state.</summary>
    public Task<StoredPolicies> NextAsync() => _states.Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask();

    /// <summary>The next state that is as asked for; those before it are left out.</summary>
    public async Task<StoredPolicies> UntilAsync(Func<StoredPolicies, bool> isAsAskedFor)
    {
        while (true)
        {
            var state = await NextAsync();
            if (isAsAskedFor(state))
            {
                return state;
            }
        }
    }

    /// <summary>The next state in which a scope has this text.</summary>
    public Task<StoredPolicies> UntilAsync(string scope, string text) => UntilAsync(state => state.TextOf(scope) == text);

    /// <summary>The next thing said of troubles: one, or null for their end.</summary>
    public Task<PolicyStoreException?> ProblemAsync() => _problems.Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask();

    /// <summary>Waits for a trouble of this kind.</summary>
    public async Task<PolicyStoreException> ProblemAsync(PolicyStoreFailure failure)
    {
        while (true)
        {
            if (await ProblemAsync() is { } problem && problem.Failure == failure)
            {
                return problem;
            }
        }
    }

    /// <summary>Waits for the end of all troubles.</summary>
    public async Task WellAsync()
    {
        while (await ProblemAsync() is not null)
        {
            continue;
        }
    }

    /// <summary>Ends the watch; whatever it threw but for its cancellation is thrown here.</summary>
    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await _watching;
        _ending.Dispose();
    }

    private async Task RunAsync(IPolicyStore store)
    {
        try
        {
            await foreach (var state in store.WatchAsync(problem => _problems.Writer.TryWrite(problem), _ending.Token))
            {
                _states.Writer.TryWrite(state);
            }
        }
        catch (OperationCanceledException) when (_ending.IsCancellationRequested)
        {
            _states.Writer.TryComplete();
        }
        catch (Exception exception)
        {
            // Whoever waits for a state is not to wait for ever.
            _states.Writer.TryComplete(exception);
            _problems.Writer.TryComplete(exception);
            throw;
        }
    }
}

/// <summary>Texts in and out of stores.</summary>
internal static class StoreTexts
{
    /// <summary>The text of a scope, or null.</summary>
    public static string? TextOf(this StoredPolicies state, string scope) =>
        state.Sources.FirstOrDefault(source => source.Scope == scope) is { } source ? System.Text.Encoding.UTF8.GetString(source.Content.Span) : null;

    public static ReadOnlyMemory<byte> Bytes(string text) => System.Text.Encoding.UTF8.GetBytes(text);

    /// <summary>A change of these scopes; a null text deletes one.</summary>
    public static PolicyChange Change(params (string Scope, string? Text)[] scopes) => new(
        scopes.ToDictionary(scope => scope.Scope, scope => scope.Text is null ? (ReadOnlyMemory<byte>?)null : Bytes(scope.Text)), "ada", "because");
}
