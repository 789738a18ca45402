namespace Resilience.Tests.Sagas;

/// <summary>A process that dies at its n-th write: just before it, or just after it was stored and before anyone heard of it.</summary>
internal sealed class CrashingStore(ISagaStore inner, int write, bool afterwards) : ISagaStore
{
    private int _writes;

    public bool HasCrashed { get; private set; }

    public Task InsertAsync(SagaContext saga, bool isLeased, LocalStatements? local, CancellationToken cancellationToken) =>
        inner.InsertAsync(saga, isLeased, local, cancellationToken);

    public Task<WriteResult> AdvanceAsync(SagaContext saga, CancellationToken cancellationToken) =>
        CrashAsync(() => inner.AdvanceAsync(saga, cancellationToken));

    public Task<WriteResult> RecordFailureAsync(
        SagaContext saga, TimeSpan delay, StepOutcome outcome, bool release, LocalStatements? local, CancellationToken cancellationToken) =>
        CrashAsync(() => inner.RecordFailureAsync(saga, delay, outcome, release, local, cancellationToken));

    public Task<WriteResult> TransitionAsync(
        SagaContext saga, SagaTransition transition, LocalStatements? local, CancellationToken cancellationToken) =>
        CrashAsync(() => inner.TransitionAsync(saga, transition, local, cancellationToken));

    public Task<IReadOnlyList<SagaContext>> ClaimAsync(int limit, CancellationToken cancellationToken) => inner.ClaimAsync(limit, cancellationToken);

    public Task<TimeSpan?> UntilNextDueAsync(CancellationToken cancellationToken) => inner.UntilNextDueAsync(cancellationToken);

    public Task<IReadOnlySet<Guid>> RenewAsync(IReadOnlyCollection<SagaContext> sagas, CancellationToken cancellationToken) =>
        inner.RenewAsync(sagas, cancellationToken);

    public Task ReleaseAllAsync(CancellationToken cancellationToken) => inner.ReleaseAllAsync(cancellationToken);

    public Task<IReadOnlyList<SagaResult>> FindFinishedAsync(Guid[] ids, CancellationToken cancellationToken) =>
        inner.FindFinishedAsync(ids, cancellationToken);

    public Task<(SagaCancellation Outcome, SagaContext? Reopened)> CancelAsync(
        Guid id, string code, string detail, CancellationToken cancellationToken) => inner.CancelAsync(id, code, detail, cancellationToken);

    public Task ListenAsync(Action released, CancellationToken cancellationToken) => inner.ListenAsync(released, cancellationToken);

    private async Task<WriteResult> CrashAsync(Func<Task<WriteResult>> store)
    {
        if (_writes++ != write)
        {
            return await store();
        }

        HasCrashed = true;
        if (afterwards)
        {
            await store();
        }

        throw new CrashException();
    }
}

internal sealed class CrashException() : Exception("the process is gone");
