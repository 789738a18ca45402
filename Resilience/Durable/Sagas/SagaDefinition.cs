namespace ResilientShop.Resilience.Durable.Sagas;

/// <summary>
/// What a saga consists of, in one readable place: an opening local step, steps outside, a closing local step. They are executed from top to
/// bottom and compensated from bottom to top. One step may be the pivot: until it is done the saga can turn round, after it the saga only goes forwards.
/// Immutable once registered; what does not make sense is refused then, see <see cref="SagaDefinitionException"/>.
/// </summary>
/// <example>
/// <code>
/// SagaDefinition.Named("trip", version: 1)
///     .Opens(acceptTrip)      // Execute: in the transaction that starts the saga; Compensate: in the one that ends its compensation
///     .Then(bookFlight)       // compensable: the hotel may be full
///     .Pivot(bookHotel)       // no way back after this one
///     .Then(sendTickets)      // repeated until it works
///     .Closes(confirmTrip);   // Execute: in the transaction that completes the saga; Compensate: in the one that turns it round
/// </code>
/// </example>
public sealed class SagaDefinition
{
    internal static readonly TimeSpan DefaultStepTimeout = TimeSpan.FromSeconds(30);

    private readonly List<ISagaStep> _steps = [];

    private SagaDefinition(string name, int version) => (Name, Version) = (name, version);

    /// <summary>Stored with every saga.</summary>
    public string Name { get; }

    /// <summary>Stored with every saga: an instance takes over only sagas whose definition and version it knows. Change it with the steps.</summary>
    public int Version { get; }

    /// <summary>The steps outside, in the order of execution.</summary>
    public IReadOnlyList<ISagaStep> Steps => _steps;

    /// <summary>Index in <see cref="Steps"/> of the step after which the saga only goes forwards; null when it can always turn round.</summary>
    public int? PivotIndex { get; private set; }

    internal ILocalSagaStep? Opening { get; private set; }

    internal ILocalSagaStep? Closing { get; private set; }

    /// <summary>What must not change while sagas of this version are under way, for example <c>accept: reserve, charge!, ship: confirm</c> with the pivot charge.</summary>
    internal string Shape => $"{Opening?.Name}: {string.Join(", ", _steps.Select((step, index) => index == PivotIndex ? $"{step.Name}!" : step.Name))}: {Closing?.Name}";

    /// <summary>Begins a definition.</summary>
    /// <exception cref="ArgumentException">The name is empty.</exception>
    public static SagaDefinition Named(string name, int version)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        ArgumentOutOfRangeException.ThrowIfLessThan(version, 1);
        return new SagaDefinition(name, version);
    }

    /// <summary>The local step that happens with the start and is compensated last, in the transaction that ends the saga.</summary>
    /// <exception cref="SagaDefinitionException">It comes after another step.</exception>
    public SagaDefinition Opens(ILocalSagaStep step)
    {
        ThrowIf(Opening is not null || _steps.Count > 0 || Closing is not null, step.Name, "the opening step is the first one, and there is one at most");
        Opening = step;
        return this;
    }

    /// <summary>The next step outside. Before the pivot, and where there is none, it must be an <see cref="ICompensableStep"/>.</summary>
    /// <exception cref="SagaDefinitionException">It comes after the closing step.</exception>
    public SagaDefinition Then(ISagaStep step)
    {
        ThrowIf(Closing is not null, step.Name, "nothing comes after the closing step");
        _steps.Add(step);
        return this;
    }

    /// <summary>
    /// The next step outside, with which the matter is decided: when it fails, what came before is compensated; when it is done, the saga goes forwards until it
    /// ends, and cancelling comes too late. A pivot that is no <see cref="ICompensableStep"/> is repeated until it knows what came of it, so it must answer that it
    /// failed only when it certainly had no effect.
    /// </summary>
    /// <exception cref="SagaDefinitionException">There is one already, or it comes after the closing step.</exception>
    public SagaDefinition Pivot(ISagaStep step)
    {
        ThrowIf(PivotIndex is not null, step.Name, "there is one pivot at most");
        PivotIndex = _steps.Count;
        return Then(step);
    }

    /// <summary>
    /// The local step that happens with the completion. Its compensation runs in the transaction that turns the saga round, also when it
    /// had not been executed, so that what depends on the saga sees at once that it is being undone. It is left out when there is nothing outside to undo.
    /// </summary>
    /// <exception cref="SagaDefinitionException">There is one already.</exception>
    public SagaDefinition Closes(ILocalSagaStep step)
    {
        ThrowIf(Closing is not null, step.Name, "there is one closing step at most");
        Closing = step;
        return this;
    }

    /// <summary>Whether a saga whose next step is <paramref name="step"/> can no longer turn round.</summary>
    internal bool IsPastPivot(int step) => step > PivotIndex;

    /// <summary>Refuses what would show only when a saga needs it.</summary>
    /// <exception cref="SagaDefinitionException">Something does not make sense.</exception>
    internal void Validate()
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var name in Names())
        {
            ThrowIf(string.IsNullOrWhiteSpace(name) || name.AsSpan().ContainsAny(",:!"), name, "a step has a name, without ',', ':' and '!'");
            ThrowIf(!names.Add(name), name, "every step has a name of its own");
        }

        for (var index = 0; index < _steps.Count; index++)
        {
            var step = _steps[index];
            var isCompensated = step is ICompensableStep || index >= PivotIndex;
            ThrowIf(!isCompensated, step.Name, $"it has no compensation and comes {(PivotIndex is null ? "in a saga without a pivot" : "before the pivot")}; implement {nameof(ICompensableStep)}, or place it after the pivot");
            ThrowIf(step.Timeout <= TimeSpan.Zero, step.Name, $"its timeout is {step.Timeout}, and must be more than 0");
            ThrowIf(step.Hold < TimeSpan.Zero, step.Name, $"it is held for {step.Hold}, and that must be 0 or more");
            ThrowIf(index == PivotIndex && !step.IsRepeatable && step is not ICompensableStep, step.Name, "a pivot can be repeated or compensated, or nobody could know what came of it");
        }
    }

    private IEnumerable<string> Names() =>
        _steps.Select(step => step.Name).Prepend(Opening?.Name ?? "(opening)").Append(Closing?.Name ?? "(closing)");

    private void ThrowIf(bool wrong, string step, string rule)
    {
        if (wrong)
        {
            throw new SagaDefinitionException(Name, Version, step, rule);
        }
    }
}

/// <summary>A definition that makes no sense, or no longer fits the sagas that are under way.</summary>
public sealed class SagaDefinitionException : InvalidOperationException
{
    /// <summary>With the step that does not fit, and the rule that it breaks.</summary>
    public SagaDefinitionException(string saga, int version, string step, string rule)
        : base($"Step '{step}' does not fit into saga '{saga}' version {version}: {rule}.") => Step = step;

    /// <summary>The step's name.</summary>
    public string Step { get; }
}
