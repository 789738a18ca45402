using Npgsql;

namespace Resilience.Tests.Sagas;

/// <summary>
/// One saga under the rules of the table, in memory, one thread at a time: epochs fence, a cancellation keeps a saga from completing, local statements share the write. It stands for
/// PostgreSQL where thousands of cases are run; the same cases with the real one are in <see cref="SagaCrashTests"/>.
/// </summary>
internal sealed class MemorySaga : ISagaProgress
{
    private Row _row = null!;

    /// <summary>Told the name of the local effects of each write that took effect.</summary>
    public List<string> LocalEffects { get; } = [];

    public SagaStatus Status => _row.Status;

    public IReadOnlyList<SagaHistoryEntry> History => _row.History;

    public bool IsFinished => _row.Status is SagaStatus.Completed or SagaStatus.Compensated;

    public void Insert(SagaContext saga) => _row = new Row(saga.Id, saga.Definition);

    public Task<WriteResult> AdvanceAsync(SagaContext saga, CancellationToken cancellationToken) => WriteAsync(saga, () =>
    {
        (_row.Status, _row.Step, _row.Attempts) = (saga.Status, saga.Step, 0);
        return (Cancellation(saga), true);
    });

    public Task<WriteResult> RecordFailureAsync(
        SagaContext saga, TimeSpan delay, StepOutcome outcome, bool release, LocalStatements? local, CancellationToken cancellationToken) => WriteAsync(saga, () =>
    {
        (_row.Status, _row.Attempts, _row.LastErrorCode) = (saga.Status, saga.Attempts, outcome.Code);
        Run(local);
        return (Cancellation(saga), true);
    });

    public Task<WriteResult> TransitionAsync(SagaContext saga, SagaTransition transition, LocalStatements? local, CancellationToken cancellationToken) => WriteAsync(saga, () =>
    {
        if (transition.Status == SagaStatus.Completed && _row.CancelCode is not null && !transition.IsPastPivot)
        {
            saga.CancelCode = _row.CancelCode;
            return (WriteResult.CancelRequested, false);
        }

        (_row.Status, _row.Step, _row.Attempts) = (transition.Status, transition.Step, 0);
        Run(local);
        return (WriteResult.Written, true);
    });

    /// <summary>Somebody else goes on with it.</summary>
    public SagaContext Claim()
    {
        _row.Epoch++;
        return new SagaContext(_row.Id, _row.Definition, "{}", new Trip("Ann"), traceParent: null)
        {
            Status = _row.Status,
            Step = _row.Step,
            Attempts = _row.Attempts,
            Epoch = _row.Epoch,
            CancelCode = _row.CancelCode,
            LastErrorCode = _row.LastErrorCode,
            TakenOver = true,
        };
    }

    /// <summary>Whoever heals has it tried again.</summary>
    public void Retry() => (_row.Status, _row.Attempts, _row.Epoch) = (SagaStatus.Running, 0, _row.Epoch + 1);

    public void Cancel()
    {
        if (_row.Status is SagaStatus.Running or SagaStatus.Held && !_row.Definition.IsPastPivot(_row.Step))
        {
            _row.CancelCode = "CHANGED_MIND";
        }
    }

    private WriteResult Cancellation(SagaContext saga)
    {
        saga.CancelCode = _row.CancelCode;
        return saga.GoesForwards && !saga.IsPastPivot && saga.CancelCode is not null ? WriteResult.CancelRequested : WriteResult.Written;
    }

    private Task<WriteResult> WriteAsync(SagaContext saga, Func<(WriteResult Result, bool IsStored)> write)
    {
        if (saga.Epoch != _row.Epoch || IsFinished)
        {
            return Task.FromResult(WriteResult.Fenced);
        }

        var news = saga.News.ToList();
        var (result, isStored) = write();
        if (isStored)
        {
            _row.History.AddRange(news);
            saga.NewsStored(news.Count);
        }

        return Task.FromResult(result);
    }

    private void Run(LocalStatements? local)
    {
        using var batch = new NpgsqlBatch();
        local?.Invoke(batch);
        LocalEffects.AddRange(batch.BatchCommands.Cast<NpgsqlBatchCommand>().Select(command => command.CommandText));
    }

    private sealed class Row(Guid id, SagaDefinition definition)
    {
        public Guid Id => id;

        public SagaDefinition Definition => definition;

        public List<SagaHistoryEntry> History { get; } = [];

        public SagaStatus Status { get; set; } = SagaStatus.Running;

        public int Step { get; set; }

        public int Attempts { get; set; }

        public long Epoch { get; set; }

        public string? CancelCode { get; set; }

        public string? LastErrorCode { get; set; }
    }
}
