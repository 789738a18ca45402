using System.Text.Json;
using Npgsql;

namespace ResilientShop.Resilience.Durable.Sagas;

/// <summary>Starts, awaits and cancels sagas. Thread-safe.</summary>
public sealed class SagaClient
{
    private readonly ISagaStore _store;
    private readonly ISagaRecords _records;
    private readonly SagaDefinitions _definitions;
    private readonly SagaRegistration _registration;
    private readonly SagaQueue _queue;
    private readonly SagaWaiters _waiters;
    private readonly SagaOwner _owner;
    private readonly TimeProvider _time;

    internal SagaClient(
        ISagaStore store, ISagaRecords records, SagaDefinitions definitions, SagaRegistration registration, SagaQueue queue, SagaWaiters waiters, SagaOwner owner, TimeProvider time)
    {
        (_store, _records, _definitions, _registration, _queue, _waiters, _owner, _time) = (store, records, definitions, registration, queue, waiters, owner, time);
    }

    /// <summary>
    /// Stores a saga and the effect of its opening step in one transaction, in one round trip, and begins to drive it on this instance. An instance that has all
    /// hands full leaves it to whichever has room first.
    /// </summary>
    /// <param name="definition">Name of a registered definition; its newest version is taken.</param>
    /// <param name="id">Identifier, new for every saga.</param>
    /// <param name="data">What the steps need to know; stored as JSON.</param>
    /// <param name="cancellationToken">Ends the wait for the database; whether the saga is stored is not known then.</param>
    /// <exception cref="SagaDefinitionException">A definition of this instance does not fit the sagas that are under way; see the start.</exception>
    /// <exception cref="PostgresException">A constraint of the opening step refused it, or the id is taken; nothing is stored.</exception>
    public async Task StartAsync<T>(string definition, Guid id, T data, CancellationToken cancellationToken)
        where T : class
    {
        var saga = new SagaContext(
            id, _definitions.Latest(definition), JsonSerializer.Serialize(data, JsonSerializerOptions.Web), data, DurableTelemetry.CurrentTraceParent)
        {
            Status = SagaStatus.Running,
            Epoch = 1,
            Channel = CallContext.Current.Channel,
        };
        await _registration.EnsureAsync(cancellationToken);
        saga.Note(new SagaHistoryEntry(_time.GetUtcNow(), SagaAction.Started, By: _owner.Name));
        var hasRoom = _queue.Room > 0;
        await _store.InsertAsync(saga, hasRoom, saga.Definition.Opening is { } opening ? batch => opening.Execute(saga, batch) : null, cancellationToken);
        saga.Definition.Opening?.Committed(saga);
        SagaMetrics.Started(saga);
        if (hasRoom)
        {
            _queue.TryEnqueue(saga);
        }
    }

    /// <summary>The saga with its history, or null when there is none.</summary>
    public Task<SagaView?> FindAsync(Guid id, CancellationToken cancellationToken) => _records.FindAsync(id, cancellationToken);

    /// <summary>Waits until the saga has ended, on whichever instance.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled first; the saga goes on.</exception>
    public async Task<SagaResult> WaitAsync(Guid id, CancellationToken cancellationToken)
    {
        using var abandon = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var signalled = _waiters.WaitAsync(id, abandon.Token);

        try
        {
            // Listening comes before looking; otherwise an end between the two would be missed.
            if (!_queue.Holds(id) && await _store.FindFinishedAsync([id], cancellationToken) is [var finished])
            {
                return finished;
            }

            return await signalled;
        }
        finally
        {
            await abandon.CancelAsync();
        }
    }

    /// <summary>
    /// Waits until a saga that was asked to undo what it did has done so. News of an earlier end, which may still be on its way to those who
    /// wait, is passed over.
    /// </summary>
    /// <exception cref="OperationCanceledException">The token was cancelled first; the saga goes on.</exception>
    public async Task<SagaResult> WaitForCompensationAsync(Guid id, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (await WaitAsync(id, cancellationToken) is { Status: SagaStatus.Compensated } compensated)
            {
                return compensated;
            }
        }
    }

    /// <summary>Removes what is kept of a saga that has ended; one that is under way stays.</summary>
    /// <returns>Whether there was one.</returns>
    public Task<bool> ForgetAsync(Guid id, CancellationToken cancellationToken) => _records.ForgetAsync(id, cancellationToken);

    /// <summary>
    /// Asks a saga to undo what it did. A running one turns round before it completes; a completed one is reopened and compensated by this instance.
    /// </summary>
    /// <param name="id">Identifier of the saga.</param>
    /// <param name="code">Becomes its <see cref="SagaResult.FailureCode"/>.</param>
    /// <param name="detail">Becomes its <see cref="SagaResult.FailureDetail"/>.</param>
    /// <param name="cancellationToken">Ends the wait for the database.</param>
    public async Task<SagaCancellation> CancelAsync(Guid id, string code, string detail, CancellationToken cancellationToken)
    {
        var (outcome, reopened) = await _store.CancelAsync(id, code, detail, cancellationToken);
        if (reopened is not null)
        {
            _queue.TryEnqueue(reopened);
        }

        return outcome;
    }
}
