using ResilientShop.Resilience.Durable.Sagas;

namespace ResilientShop.Resilience.Tests.Sagas;

/// <summary>Passes everything on; what drives a saga goes through <see cref="WriteAsync"/>.</summary>
internal abstract class ForwardingSagaStore(ISagaStore inner) : ISagaStore
{
    public Task InsertAsync(SagaContext saga, bool isLeased, LocalStatements? local, CancellationToken cancellationToken) =>
        inner.InsertAsync(saga, isLeased, local, cancellationToken);

    public Task<WriteResult> AdvanceAsync(SagaContext saga, CancellationToken cancellationToken) =>
        WriteAsync(() => inner.AdvanceAsync(saga, cancellationToken));

    public Task<WriteResult> RecordFailureAsync(
        SagaContext saga, TimeSpan delay, StepOutcome outcome, bool release, LocalStatements? local, CancellationToken cancellationToken) =>
        WriteAsync(() => inner.RecordFailureAsync(saga, delay, outcome, release, local, cancellationToken));

    public Task<WriteResult> TransitionAsync(
        SagaContext saga, SagaTransition transition, LocalStatements? local, CancellationToken cancellationToken) =>
        WriteAsync(() => inner.TransitionAsync(saga, transition, local, cancellationToken));

    public Task<IReadOnlyList<SagaContext>> ClaimAsync(int limit, CancellationToken cancellationToken) => inner.ClaimAsync(limit, cancellationToken);

    public Task<IReadOnlySet<Guid>> RenewAsync(IReadOnlyCollection<SagaContext> sagas, CancellationToken cancellationToken) =>
        inner.RenewAsync(sagas, cancellationToken);

    public Task ReleaseAllAsync(CancellationToken cancellationToken) => inner.ReleaseAllAsync(cancellationToken);

    public Task<IReadOnlyList<SagaResult>> FindFinishedAsync(Guid[] ids, CancellationToken cancellationToken) =>
        inner.FindFinishedAsync(ids, cancellationToken);

    public Task<(SagaCancellation Outcome, SagaContext? Reopened)> CancelAsync(
        Guid id, string code, string detail, CancellationToken cancellationToken) => inner.CancelAsync(id, code, detail, cancellationToken);

    public Task<SagaIntervention> InterveneAsync(
        Guid id, Func<SagaContext, (SagaTransition? Transition, SagaHistoryEntry? Entry, string Detail)> decide, CancellationToken cancellationToken) =>
        inner.InterveneAsync(id, decide, cancellationToken);

    public Task RegisterAsync(IEnumerable<SagaDefinition> definitions, CancellationToken cancellationToken) => inner.RegisterAsync(definitions, cancellationToken);

    public Task<SagaView?> FindAsync(Guid id, CancellationToken cancellationToken) => inner.FindAsync(id, cancellationToken);

    public Task<IReadOnlyList<SagaView>> ListAsync(SagaFilter filter, TimeSpan overdueAfter, int most, CancellationToken cancellationToken) =>
        inner.ListAsync(filter, overdueAfter, most, cancellationToken);

    public Task<IReadOnlyList<SagaCounts>> MeasureAsync(TimeSpan overdueAfter, CancellationToken cancellationToken) => inner.MeasureAsync(overdueAfter, cancellationToken);

    public Task ListenAsync(Action released, CancellationToken cancellationToken) => inner.ListenAsync(released, cancellationToken);

    protected abstract Task<WriteResult> WriteAsync(Func<Task<WriteResult>> write);
}
