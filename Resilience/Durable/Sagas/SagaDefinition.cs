namespace ResilientShop.Resilience.Durable.Sagas;

/// <summary>
/// What a saga consists of, in one readable place: an opening local step, steps outside, a closing local step. They are executed from top to
/// bottom and compensated from bottom to top. Immutable once registered.
/// </summary>
/// <example>
/// <code>
/// SagaDefinition.Named("trip", version: 1)
///     .Opens(acceptTrip)      // Execute: in the transaction that starts the saga; Compensate: in the one that ends its compensation
///     .Then(bookFlight)
///     .Then(bookHotel)
///     .Closes(confirmTrip);   // Execute: in the transaction that completes the saga; Compensate: in the one that turns it round
/// </code>
/// </example>
public sealed class SagaDefinition
{
    private readonly List<ISagaStep> _steps = [];

    private SagaDefinition(string name, int version) => (Name, Version) = (name, version);

    /// <summary>Stored with every saga.</summary>
    public string Name { get; }

    /// <summary>Stored with every saga: an instance takes over only sagas whose definition and version it knows. Change it with the steps.</summary>
    public int Version { get; }

    /// <summary>The steps outside, in the order of execution.</summary>
    public IReadOnlyList<ISagaStep> Steps => _steps;

    internal ILocalSagaStep? Opening { get; private set; }

    internal ILocalSagaStep? Closing { get; private set; }

    /// <summary>Begins a definition.</summary>
    /// <exception cref="ArgumentException">The name is empty.</exception>
    public static SagaDefinition Named(string name, int version)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        ArgumentOutOfRangeException.ThrowIfLessThan(version, 1);
        return new SagaDefinition(name, version);
    }

    /// <summary>The local step that happens with the start and is compensated last, in the transaction that ends the saga.</summary>
    /// <exception cref="InvalidOperationException">It comes after another step.</exception>
    public SagaDefinition Opens(ILocalSagaStep step)
    {
        ThrowIf(Opening is not null || _steps.Count > 0 || Closing is not null, step.Name, "the opening step is the first one, and there is one at most");
        Opening = step;
        return this;
    }

    /// <summary>The next step outside.</summary>
    /// <exception cref="InvalidOperationException">It comes after the closing step, or its name is taken.</exception>
    public SagaDefinition Then(ISagaStep step)
    {
        ThrowIf(Closing is not null, step.Name, "nothing comes after the closing step");
        ThrowIf(_steps.Exists(other => other.Name == step.Name), step.Name, "every step has a name of its own");
        _steps.Add(step);
        return this;
    }

    /// <summary>
    /// The local step that happens with the completion. Its compensation runs in the transaction that turns the saga round, also when it
    /// had not been executed, so that what depends on the saga sees at once that it is being undone. It is left out when there is nothing outside to undo.
    /// </summary>
    /// <exception cref="InvalidOperationException">There is one already.</exception>
    public SagaDefinition Closes(ILocalSagaStep step)
    {
        ThrowIf(Closing is not null, step.Name, "there is one closing step at most");
        Closing = step;
        return this;
    }

    private void ThrowIf(bool wrong, string step, string rule)
    {
        if (wrong)
        {
            throw new InvalidOperationException($"Step '{step}' does not fit into saga '{Name}': {rule}.");
        }
    }
}
