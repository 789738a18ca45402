using ResilientShop.Resilience;
using ResilientShop.Resilience.Policies;

namespace ResilientShop.Operations.Releasing;

/// <summary>
/// The releases that this process looks after: begins them, lets the gate judge them, and ends them. What it decides is in the store before it is on record, and on record
/// before anybody is told, so that a crash between leaves the canary's share right. A follower is told a share when the store has it, because the store knows whose release it
/// is, and an end before the store has it. Thread-safe: one thing at a time.
/// </summary>
internal sealed partial class ReleaseRuns(
    IReleaseStore store,
    IReleaseMetrics metrics,
    IReleaseRecord record,
    Func<string, ReleasePolicy> policyOf,
    Func<string, FleetRelease?> saidOf,
    Func<string, IReleaseFollower?> followerOf,
    TimeProvider time,
    ILogger<ReleaseRuns> logger) : IDisposable
{
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly Dictionary<string, Run> _runs = new(StringComparer.Ordinal);
    private readonly long _start = time.GetTimestamp();

    /// <summary>What the gate said last of a release that goes on, by service.</summary>
    public IReadOnlyDictionary<string, ReleaseDecision?> Last
    {
        get
        {
            lock (_runs)
            {
                return _runs.ToDictionary(run => run.Key, run => run.Value.Last, StringComparer.Ordinal);
            }
        }
    }

    private TimeSpan Now => time.GetElapsedTime(_start);

    /// <summary>Begins to release a service's canary. One that is under way goes on as it is.</summary>
    /// <returns>False when one is under way, here or elsewhere.</returns>
    /// <exception cref="PolicyStoreException">The store could not do it; nothing has begun.</exception>
    public Task<bool> StartAsync(string service, string reason, string by, CancellationToken cancellationToken) => InTurnAsync(
        async () =>
        {
            if (Find(service) is not null)
            {
                return false;
            }

            var id = Guid.CreateVersion7().ToString("N");
            await store.ForgetAsync(service, cancellationToken);
            try
            {
                return await BeginAsync(service, id, ReleaseEntry.Start, reason, by, cancellationToken);
            }
            catch (PolicyStoreException problem)
            {
                await store.ForgetAsync(service, cancellationToken);
                await NoteAsync(new ReleaseEntry(service, id, time.GetUtcNow(), ReleaseEntry.GiveUp, 0, problem.Message, ReleaseEntry.Gate, []), cancellationToken);
                throw;
            }
        },
        cancellationToken);

    /// <summary>Goes on with what an earlier process began and did not end. Each begins its first step anew: what was seen before the gap is no evidence.</summary>
    /// <returns>False when one of them is still under the lease of the process that died, or of another that looks after it: ask again.</returns>
    public Task<bool> ResumeAsync(CancellationToken cancellationToken) => InTurnAsync(
        async () =>
        {
            var isDone = true;
            var begun = (await record.LatestAsync(cancellationToken)).Where(entry => entry.GoesOn && Find(entry.Service) is null);
            await StoreAttempts.EachAsync(begun, async entry =>
            {
                isDone &= await BeginAsync(entry.Service, entry.ReleaseId, ReleaseEntry.Resume, "its gate went away, and another goes on", ReleaseEntry.Gate, cancellationToken)
                    || await LeaveAsync(entry.Service, entry.ReleaseId, isTakenFromUs: false, cancellationToken);
            });
            return isDone;
        },
        cancellationToken);

    /// <summary>Ends a release by an operator's word.</summary>
    /// <exception cref="PolicyStoreException">The store could not do it; nothing has changed.</exception>
    public Task EndAsync(string service, ReleaseAction action, string reason, string by, CancellationToken cancellationToken) =>
        EndAsync(service, onlyId: null, action, reason, by, cancellationToken);

    /// <summary>The same, of a certain release only: not of a later one, nor when it has ended meanwhile.</summary>
    /// <returns>Whether it was under way.</returns>
    /// <exception cref="PolicyStoreException">The store could not do it; nothing has changed.</exception>
    public Task<bool> EndAsync(string service, string? onlyId, ReleaseAction action, string reason, string by, CancellationToken cancellationToken) => InTurnAsync(
        async () =>
        {
            var underWay = Find(service)?.Id ?? (saidOf(service) is { Stage: ReleaseStage.Analysing } said ? said.Id : null);
            if (onlyId is not null && underWay != onlyId)
            {
                return false;
            }

            var id = onlyId ?? Find(service)?.Id ?? Guid.CreateVersion7().ToString("N");
            await SettleAsync(service, id, action, action == ReleaseAction.Promote ? 1 : 0, reason, by, null, cancellationToken);
            return true;
        },
        cancellationToken);

    /// <summary>Looks at every release once, and does what is to be done.</summary>
    public Task LookAsync(CancellationToken cancellationToken) => InTurnAsync(
        async () =>
        {
            List<Run> due;
            lock (_runs)
            {
                due = [.. _runs.Values.Where(run => Now >= run.NextLook)];
            }

            await StoreAttempts.EachAsync(due, run => LookAsync(run, cancellationToken));
            return true;
        },
        cancellationToken);

    public void Dispose() => _turn.Dispose();

    private async Task<bool> BeginAsync(string service, string id, string action, string reason, string by, CancellationToken cancellationToken)
    {
        var policy = policyOf(service);
        var share = policy.Steps[0];
        if (!await store.AnalyseAsync(service, new FleetRelease(ReleaseStage.Analysing, share, id, reason, by, time.GetUtcNow()), cancellationToken))
        {
            return false;
        }

        // A follower's share outlives this process: there is a record of whose it is before there is a share.
        var entry = new ReleaseEntry(service, id, time.GetUtcNow(), action, share, reason, by, []);
        if (action == ReleaseEntry.Start)
        {
            await NoteAsync(entry, cancellationToken);
        }

        if (followerOf(service) is { } follower && !await follower.SetShareAsync(share, id, reason, cancellationToken))
        {
            // The process ended between the rollback and its record.
            await SettleAsync(service, id, ReleaseAction.RollBack, 0, "Rolled back before its gate went away.", ReleaseEntry.Gate, null, cancellationToken);
            return true;
        }

        lock (_runs)
        {
            _runs[service] = new Run(service, id, new ReleaseProgress(0, Now), Now + policy.Interval);
        }

        if (action != ReleaseEntry.Start)
        {
            await NoteAsync(entry, cancellationToken);
        }

        return true;
    }

    private async Task LookAsync(Run run, CancellationToken cancellationToken)
    {
        var policy = policyOf(run.Service);
        var evidence = await metrics.ReadAsync(run.Service, Now - run.Progress.Since, cancellationToken);
        var decision = ReleaseAnalysis.Decide(run.Progress, ReleaseGate.Judge(evidence, policy.Checks, policy), policy, Now);
        if (decision.Action is ReleaseAction.Promote or ReleaseAction.RollBack)
        {
            await SettleAsync(run.Service, run.Id, decision.Action, decision.Share, decision.Reason, ReleaseEntry.Gate, decision.Judgement, cancellationToken);
            return;
        }

        if (!await store.AnalyseAsync(
            run.Service, new FleetRelease(ReleaseStage.Analysing, decision.Share, run.Id, decision.Reason, ReleaseEntry.Gate, time.GetUtcNow()), cancellationToken))
        {
            await LeaveAsync(run.Service, run.Id, isTakenFromUs: true, cancellationToken);
            return;
        }

        if (decision.Action == ReleaseAction.Advance && followerOf(run.Service) is { } follower
            && !await follower.SetShareAsync(decision.Share, run.Id, decision.Reason, cancellationToken))
        {
            await SettleAsync(run.Service, run.Id, ReleaseAction.RollBack, 0, "Rolled back by somebody else.", ReleaseEntry.Gate, null, cancellationToken);
            return;
        }

        // Every look holds nearly always for the same reason with another number; what is new is the verdicts.
        var isNews = decision.Action == ReleaseAction.Advance || run.Last is null || !Verdicts(run.Last).SequenceEqual(Verdicts(decision));
        lock (_runs)
        {
            _runs[run.Service] = run with { Progress = decision.Progress, NextLook = Now + policy.Interval, Last = decision };
        }

        if (isNews)
        {
            await NoteAsync(EntryOf(run.Service, run.Id, decision.Action, decision.Share, decision.Reason, ReleaseEntry.Gate, decision.Judgement), cancellationToken);
        }
    }

    /// <summary>
    /// Ends what this process has to do with a release of which the store says something that is not ours: it has ended, by us shortly before we died or by somebody else, or
    /// another process looks after it. A follower does not read the store and is told.
    /// </summary>
    /// <returns>False when nothing is known but that somebody has it, and it was never ours.</returns>
    private async Task<bool> LeaveAsync(string service, string id, bool isTakenFromUs, CancellationToken cancellationToken)
    {
        var said = saidOf(service);
        if (said is null or { Stage: ReleaseStage.Analysing } && !isTakenFromUs)
        {
            return false;
        }

        const string Reason = "Somebody else says in the store how this release goes on.";
        if (said is { Stage: not ReleaseStage.Analysing } && said.Id == id)
        {
            Remove(service);
            await NoteAsync(EntryOf(service, id, said.Stage == ReleaseStage.Promoted ? ReleaseAction.Promote : ReleaseAction.RollBack, said.Share, said.Reason, said.By, null), cancellationToken);
            return true;
        }

        if (followerOf(service) is { } follower && said?.Stage != ReleaseStage.Analysing)
        {
            await (said?.Stage == ReleaseStage.Promoted ? follower.SetShareAsync(1, said.Id, said.Reason, cancellationToken) : follower.RollBackAsync(said?.Reason ?? Reason, cancellationToken));
        }

        Remove(service);
        await NoteAsync(new ReleaseEntry(service, id, time.GetUtcNow(), ReleaseEntry.GiveUp, 0, Reason, ReleaseEntry.Gate, []), cancellationToken);
        return true;
    }

    private async Task SettleAsync(
        string service, string id, ReleaseAction action, double share, string reason, string by, ReleaseJudgement? judgement, CancellationToken cancellationToken)
    {
        if (followerOf(service) is { } follower)
        {
            await (action == ReleaseAction.Promote ? follower.SetShareAsync(share, id, reason, cancellationToken) : follower.RollBackAsync(reason, cancellationToken));
        }

        var stage = action == ReleaseAction.Promote ? ReleaseStage.Promoted : ReleaseStage.RolledBack;
        await store.SettleAsync(service, new FleetRelease(stage, share, id, reason, by, time.GetUtcNow()), cancellationToken);
        Remove(service);
        await NoteAsync(EntryOf(service, id, action, share, reason, by, judgement), cancellationToken);
    }

    private ReleaseEntry EntryOf(string service, string id, ReleaseAction action, double share, string reason, string by, ReleaseJudgement? judgement) =>
        new(service, id, time.GetUtcNow(), ReleaseEntry.NameOf(action), share, reason, by, ComparisonView.Of(judgement));

    private async Task NoteAsync(ReleaseEntry entry, CancellationToken cancellationToken)
    {
        LogDecision(entry.Action == ReleaseEntry.RollBack ? LogLevel.Warning : LogLevel.Information, entry.Service, entry.Action, entry.Share, entry.By, entry.Reason);
        await record.AddAsync(entry, cancellationToken);
    }

    private Run? Find(string service)
    {
        lock (_runs)
        {
            return _runs.GetValueOrDefault(service);
        }
    }

    private void Remove(string service)
    {
        lock (_runs)
        {
            _runs.Remove(service);
        }
    }

    private async Task<T> InTurnAsync<T>(Func<Task<T>> act, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            return await act();
        }
        finally
        {
            _turn.Release();
        }
    }

    private static IEnumerable<(string, ReleaseVerdict)> Verdicts(ReleaseDecision decision) => decision.Judgement.Metrics.Select(metric => (metric.Name, metric.Verdict));

    [LoggerMessage("Release of {Service}: {Action}, canary at {Share:P0}, by {By}. {Reason}")]
    private partial void LogDecision(LogLevel level, string service, string action, double share, string by, string reason);

    /// <summary>A release under way.</summary>
    private sealed record Run(string Service, string Id, ReleaseProgress Progress, TimeSpan NextLook, ReleaseDecision? Last = null);
}
