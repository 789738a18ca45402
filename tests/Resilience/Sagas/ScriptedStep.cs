using System.Collections.Concurrent;

namespace Resilience.Tests.Sagas;

/// <summary>An idempotent step whose answers are scripted and whose effect is visible: <see cref="IsInEffect"/>.</summary>
internal sealed class ScriptedStep(string name, Journal journal, RetryStrategy? retry = null) : ICompensableStep
{
    private readonly ConcurrentDictionary<Guid, bool> _effects = new();

    public string Name => name;

    public RetryStrategy Retry { get; } = retry ?? RetryStrategy.FixedDelay(TimeSpan.FromMilliseconds(1), maxRetries: 3);

    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(30);

    public bool IsRepeatable { get; set; } = true;

    public TimeSpan Hold { get; set; }

    /// <summary>Whether the gate is waited for whatever the token says.</summary>
    public bool IsDeaf { get; set; }

    /// <summary>Answers of <see cref="ExecuteAsync"/>, first to last; then it succeeds.</summary>
    public ConcurrentQueue<Func<StepOutcome>> Executions { get; } = new();

    /// <summary>Answers of <see cref="CompensateAsync"/>, first to last; then it succeeds.</summary>
    public ConcurrentQueue<Func<StepOutcome>> Compensations { get; } = new();

    /// <summary>When set, attempts wait for it after they have had their effect.</summary>
    public TaskCompletionSource? Gate { get; set; }

    /// <summary>When set, compensations wait for it before they have theirs.</summary>
    public TaskCompletionSource? CompensationGate { get; set; }

    public TaskCompletionSource Entered { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public bool IsInEffect(Guid id) => _effects.TryGetValue(id, out var effect) && effect;

    public async Task<StepOutcome> ExecuteAsync(SagaContext saga, CancellationToken cancellationToken)
    {
        journal.Add(saga.Id, $"+{name}");
        Entered.TrySetResult();
        var outcome = Executions.TryDequeue(out var scripted) ? scripted() : StepOutcome.Done;
        if (outcome == StepOutcome.Done)
        {
            _effects[saga.Id] = true;
        }

        if (Gate is { } gate)
        {
            await gate.Task.WaitAsync(IsDeaf ? CancellationToken.None : cancellationToken);
        }

        return outcome;
    }

    public async Task<StepOutcome> CompensateAsync(SagaContext saga, CancellationToken cancellationToken)
    {
        journal.Add(saga.Id, $"-{name}");
        if (CompensationGate is { } gate)
        {
            await gate.Task.WaitAsync(cancellationToken);
        }

        var outcome = Compensations.TryDequeue(out var scripted) ? scripted() : StepOutcome.Done;
        if (outcome == StepOutcome.Done)
        {
            _effects[saga.Id] = false;
        }

        return outcome;
    }
}

/// <summary>The same without a way back.</summary>
internal sealed class OneWay(ScriptedStep inner) : ISagaStep
{
    public string Name => inner.Name;

    public RetryStrategy Retry => inner.Retry;

    public TimeSpan Timeout => inner.Timeout;

    public bool IsRepeatable => inner.IsRepeatable;

    public Task<StepOutcome> ExecuteAsync(SagaContext saga, CancellationToken cancellationToken) => inner.ExecuteAsync(saga, cancellationToken);
}

/// <summary>What happened to a saga, in order.</summary>
internal sealed class Journal
{
    private readonly ConcurrentDictionary<Guid, ConcurrentQueue<string>> _entries = new();

    public void Add(Guid id, string entry) => _entries.GetOrAdd(id, _ => new ConcurrentQueue<string>()).Enqueue(entry);

    public string Of(Guid id) => string.Join(' ', _entries.TryGetValue(id, out var entries) ? entries : []);
}
