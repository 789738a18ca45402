using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace Resilience.Tests.Degradation;

/// <summary>A fleet's store in memory: the test says what is heard, and hears what is told.</summary>
internal sealed class FakeFleetStore : IFleetStore
{
    private readonly Channel<(IReadOnlyDictionary<string, FleetDegradation> State, TaskCompletionSource Taken)> _states =
        Channel.CreateUnbounded<(IReadOnlyDictionary<string, FleetDegradation>, TaskCompletionSource)>();

    private readonly Channel<string> _told = Channel.CreateUnbounded<string>();
    private Action<PolicyStoreException?>? _problem;

    public string Name => "memory";

    public TimeSpan Lease => TimeSpan.FromSeconds(10);

    public bool IsAway { get; set; }

    /// <summary>What the next call throws, and the next state that is followed.</summary>
    public Exception? Defect { get; set; }

    public bool HasTold => _told.Reader.TryPeek(out _);

    /// <summary>Tells who watches what goes wrong, or that all is well again.</summary>
    public void Report(string? problem) => _problem?.Invoke(problem is null ? null : new PolicyStoreException(PolicyStoreFailure.Unavailable, problem));

    public Task SayAsync(params (string Service, FleetDegradation Said)[] said)
    {
        var taken = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _states.Writer.TryWrite((said.ToDictionary(one => one.Service, one => one.Said), taken));
        return taken.Task;
    }

    public ValueTask<string> NextAsync() => _told.Reader.ReadAsync();

    public async IAsyncEnumerable<IReadOnlyDictionary<string, FleetDegradation>> WatchAsync(
        Action<PolicyStoreException?> problem, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        _problem = problem;
        await foreach (var (state, taken) in _states.Reader.ReadAllAsync(cancellationToken))
        {
            ThrowDefect();
            yield return state;
            taken.SetResult();
        }
    }

    public Task<bool> LeadAsync(string service, FleetDegradation said, CancellationToken cancellationToken)
    {
        Tell(FormattableString.Invariant($"{service} {said.Level} {said.NormalShare}"));
        return Task.FromResult(true);
    }

    public Task WithdrawAsync(string service, CancellationToken cancellationToken)
    {
        Tell($"{service} withdrawn");
        return Task.CompletedTask;
    }

    public Task ForceAsync(string service, FleetDegradation said, CancellationToken cancellationToken)
    {
        Tell($"{service} forced");
        return Task.CompletedTask;
    }

    public Task ReleaseAsync(string service, CancellationToken cancellationToken)
    {
        Tell($"{service} released");
        return Task.CompletedTask;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private void ThrowDefect()
    {
        if (Defect is { } defect)
        {
            Defect = null;
            throw defect;
        }
    }

    private void Tell(string what)
    {
        ThrowDefect();
        if (IsAway)
        {
            throw new PolicyStoreException(PolicyStoreFailure.Unavailable, "away");
        }

        _told.Writer.TryWrite(what);
    }
}
