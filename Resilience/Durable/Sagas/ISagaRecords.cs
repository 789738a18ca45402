namespace ResilientShop.Resilience.Durable.Sagas;

/// <summary>What people see of sagas and change about them, and what the definitions are.</summary>
internal interface ISagaRecords
{
    /// <summary>Stores what an operator decided about the saga as it is now, releases it and wakes those who look for work.</summary>
    /// <param name="id">Identifier of the saga.</param>
    /// <param name="decide">Gives the change, or null when the wish does not fit, with a sentence. Called inside the transaction.</param>
    /// <param name="cancellationToken">Ends the wait for the database.</param>
    Task<SagaIntervention> InterveneAsync(
        Guid id, Func<SagaContext, (SagaTransition? Transition, SagaHistoryEntry? Entry, string Detail)> decide, CancellationToken cancellationToken);

    /// <summary>Remembers what the definitions consist of.</summary>
    /// <exception cref="SagaDefinitionException">One has another shape than the sagas of its version that are under way.</exception>
    Task RegisterAsync(IEnumerable<SagaDefinition> definitions, CancellationToken cancellationToken);

    /// <summary>The saga as people look at it, or null.</summary>
    Task<SagaView?> FindAsync(Guid id, CancellationToken cancellationToken);

    /// <summary>Unfinished sagas, oldest first.</summary>
    Task<IReadOnlyList<SagaView>> ListAsync(SagaFilter filter, TimeSpan overdueAfter, int most, CancellationToken cancellationToken);

    /// <summary>Removes a saga that has ended.</summary>
    /// <returns>Whether there was one.</returns>
    Task<bool> ForgetAsync(Guid id, CancellationToken cancellationToken);

    /// <summary>Removes sagas that ended longer ago than <paramref name="kept"/>, <paramref name="most"/> of them at most.</summary>
    /// <returns>How many there were.</returns>
    Task<int> ForgetAsync(TimeSpan kept, int most, CancellationToken cancellationToken);

    /// <summary>How many are unfinished, overdue, stuck and held, by definition.</summary>
    Task<IReadOnlyList<SagaCounts>> MeasureAsync(TimeSpan overdueAfter, CancellationToken cancellationToken);
}

/// <summary>How many sagas of a definition have not ended.</summary>
internal sealed record SagaCounts(string Definition, long Unfinished, long Overdue, long Stuck, long Held);
