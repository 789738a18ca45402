using CsCheck;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Resilience.Tests.Sagas;

/// <summary>
/// Random sagas with random answers of their steps, under random crashes between any two writes, owners that are paused and come back, and cancellations: whatever
/// happens, a saga ends, with everything in effect or nothing, and its local effects happen once. Without a clock and on one thread, so a seed repeats a case.
/// </summary>
public sealed class SagaModelTests
{
    private static readonly Gen<Answer> Answers = Gen.Frequency(
        (6, Gen.Const(Answer.Done)), (3, Gen.Const(Answer.Transient)), (1, Gen.Const(Answer.Failed)), (1, Gen.Const(Answer.Refused)), (1, Gen.Const(Answer.Throws)),
        (1, Gen.Const(Answer.DoneButUnheard)), (1, Gen.Const(Answer.Waits)));

    private static readonly Gen<Case> Cases = Gen.Select(
        Gen.Int[0, 4],
        Gen.Int[-1, 3],
        Gen.Bool.Array[4],
        Answers.Array[0, 14],
        Gen.Int[0, 3].Array[24],
        Gen.Int[0, 40],
        Gen.Int[0, 2].Array[4],
        (steps, pivot, oneWay, answers, mishaps, cancelAt, holds) => new Case(steps, pivot < steps ? pivot : -1, oneWay, answers, mishaps, cancelAt, holds));

    private enum Answer
    {
        Done,
        Transient,
        Failed,
        Refused,
        Throws,

        /// <summary>It has its effect, and its answer is lost.</summary>
        DoneButUnheard,

        /// <summary>It is not done, and did not fail.</summary>
        Waits,
    }

    [Fact]
    public void Whatever_happens_a_saga_ends_with_all_or_nothing() =>
        Cases.Sample(one => new Run(one).Go(), iter: 20_000, threads: 1, print: one => one.ToString());

    private sealed record Case(int Steps, int Pivot, bool[] OneWay, Answer[] Answers, int[] Mishaps, int CancelAt, int[] Holds)
    {
        public override string ToString() =>
            $"{Steps} steps, pivot {Pivot}, one-way {string.Join(',', OneWay)}, answers {string.Join(',', Answers)}, mishaps {string.Join(',', Mishaps)}, cancel at {CancelAt}, holds {string.Join(',', Holds)}";
    }

    /// <summary>One case. The world is what the steps did; the oracle is what is asked of it at the end.</summary>
    private sealed class Run
    {
        private const int MostRuns = 60;

        private readonly Case _case;
        private readonly MemorySaga _store = new();
        private readonly SagaDefinition _definition;
        private readonly Dictionary<string, bool> _effects = [];

        // A pivot that cannot be undone gives the same answer to every attempt once it has said no: nothing could undo an attempt that arrives later.
        private readonly HashSet<string> _refused = [];
        private int _answer;
        private int _moment;
        private int _runs;

        // How often whoever heals has a held saga tried again, before the time of a hold is over.
        private int _heals;

        public Run(Case one)
        {
            _case = one;
            _heals = one.Holds[0];
            _definition = SagaDefinition.Named("model", 1).Opens(new Local("accept"));
            for (var index = 0; index < one.Steps; index++)
            {
                var name = $"step{index}";
                ISagaStep step = one.Pivot >= 0 && index >= one.Pivot && one.OneWay[index] ? new OneWayStep(name, this) : new Step(name, this) { Hold = TimeSpan.FromHours(one.Holds[index]) };
                _definition = index == one.Pivot ? _definition.Pivot(step) : _definition.Then(step);
            }

            _definition = _definition.Closes(new Local("confirm"));
            _definition.Validate();
        }

        public void Go()
        {
            var saga = new SagaContext(Guid.CreateVersion7(), _definition, "{}", new Trip("Ann"), traceParent: null) { Status = SagaStatus.Running };
            _store.Insert(saga);
            Drive(saga);
            while (!_store.IsFinished)
            {
                (_runs++).ShouldBeLessThan(MostRuns, "it does not end");
                if (_store.Status == SagaStatus.Held && _heals-- > 0)
                {
                    _store.Retry();
                }

                Drive(_store.Claim());
            }

            Judge();
        }

        /// <summary>An instance drives it until it ends, dies, or finds that it has lost it.</summary>
        private void Drive(SagaContext saga)
        {
            var options = new SagaOptions { CompensationBaseDelay = TimeSpan.Zero, CompensationMaxDelay = TimeSpan.Zero, StuckAfter = 3 };
            var engine = new SagaEngine(new Moments(_store, this), options, new SagaOwner("model"), [], TimeProvider.System, NullLogger<SagaEngine>.Instance);
            var running = engine.RunAsync(saga, CancellationToken.None);
            running.IsCompleted.ShouldBeTrue("nothing here waits");
            if (running.Exception is { } exception && exception.InnerException is not CrashException)
            {
                throw exception;
            }
        }

        /// <summary>Something may happen at this moment: the process dies, or is paused while another one goes on to the end.</summary>
        private bool Mishap()
        {
            var moment = _moment++;
            if (moment == _case.CancelAt)
            {
                _store.Cancel();
            }

            switch (moment < _case.Mishaps.Length && !_store.IsFinished ? _case.Mishaps[moment] : 0)
            {
                case 1:
                    return true;
                case 2 when _runs < MostRuns / 2:
                    _runs++;
                    Drive(_store.Claim());
                    return false;
                default:
                    return false;
            }
        }

        private StepOutcome Answer(string step, bool forwards, bool isFinal = false)
        {
            if (_refused.Contains(step))
            {
                return StepOutcome.Refused("REFUSED", "refused before");
            }

            var answer = _answer < _case.Answers.Length ? _case.Answers[_answer++] : SagaModelTests.Answer.Done;
            if (answer is SagaModelTests.Answer.Done or SagaModelTests.Answer.DoneButUnheard)
            {
                // What was undone stays undone, whichever attempt arrives late.
                _effects[step] = forwards && (!_effects.TryGetValue(step, out var effect) || effect);
            }

            if (isFinal && answer is (SagaModelTests.Answer.Failed or SagaModelTests.Answer.Refused) && !_effects.GetValueOrDefault(step))
            {
                _refused.Add(step);
            }

            return answer switch
            {
                SagaModelTests.Answer.Done => StepOutcome.Done,
                SagaModelTests.Answer.Failed => Settled(step, forwards) ?? StepOutcome.Failed("FAILED", "failed"),
                SagaModelTests.Answer.Refused => Settled(step, forwards) ?? StepOutcome.Refused("REFUSED", "refused"),
                SagaModelTests.Answer.Waits => StepOutcome.Wait(TimeSpan.Zero, "not yet"),
                SagaModelTests.Answer.Throws => throw new InvalidOperationException("it threw"),
                _ => StepOutcome.Transient("BUSY", "busy"),
            };
        }

        /// <summary>A step is idempotent: what has had its effect does not fail afterwards.</summary>
        private StepOutcome? Settled(string step, bool forwards) => forwards && _effects.GetValueOrDefault(step) ? StepOutcome.Done : null;

        private void Judge()
        {
            var inEffect = _definition.Steps.Where(step => _effects.GetValueOrDefault(step.Name)).Select(step => step.Name).ToList();
            if (_store.Status == SagaStatus.Completed)
            {
                inEffect.ShouldBe(_definition.Steps.Select(step => step.Name));
                _store.LocalEffects.ShouldBe(["+confirm"]);
            }
            else
            {
                inEffect.ShouldBeEmpty();
                _store.LocalEffects.Count(effect => effect == "-accept").ShouldBe(1);
                _store.LocalEffects[^1].ShouldBe("-accept");
                _store.LocalEffects.ShouldNotContain("+confirm");
            }

            _store.History.Count(entry => entry.Action is SagaAction.Completed or SagaAction.Compensated).ShouldBe(1);
            _store.History[^1].Action.ShouldBe(_store.Status == SagaStatus.Completed ? SagaAction.Completed : SagaAction.Compensated);
        }

        private sealed class Local(string name) : ILocalSagaStep
        {
            public string Name => name;

            public void Execute(SagaContext saga, NpgsqlBatch batch) => batch.BatchCommands.Add(new NpgsqlBatchCommand($"+{name}"));

            public void Compensate(SagaContext saga, NpgsqlBatch batch) => batch.BatchCommands.Add(new NpgsqlBatchCommand($"-{name}"));
        }

        private class OneWayStep(string name, Run run) : ISagaStep
        {
            public string Name => name;

            public RetryStrategy Retry { get; } = RetryStrategy.FixedDelay(TimeSpan.Zero, maxRetries: 2);

            public TimeSpan Timeout => TimeSpan.FromHours(1);

            protected Run Run => run;

            // A process that dies here dies before or after the effect: the writes around it are the other moments.
            public Task<StepOutcome> ExecuteAsync(SagaContext saga, CancellationToken cancellationToken)
            {
                run.Mishap();
                return Task.FromResult(run.Answer(name, forwards: true, isFinal: this is not ICompensableStep && saga.Step == saga.Definition.PivotIndex));
            }
        }

        private sealed class Step(string name, Run run) : OneWayStep(name, run), ICompensableStep
        {
            public TimeSpan Hold { get; init; }

            public Task<StepOutcome> CompensateAsync(SagaContext saga, CancellationToken cancellationToken)
            {
                Run.Mishap();
                return Task.FromResult(Run.Answer(Name, forwards: false));
            }
        }

        /// <summary>Each write may be the last of its process, stored or not, or come after others have gone on.</summary>
        private sealed class Moments(MemorySaga inner, Run run) : ISagaProgress
        {
            public Task<WriteResult> AdvanceAsync(SagaContext saga, CancellationToken cancellationToken) =>
                WriteAsync(() => inner.AdvanceAsync(saga, cancellationToken));

            public Task<WriteResult> RecordFailureAsync(
                SagaContext saga, TimeSpan delay, StepOutcome outcome, bool release, LocalStatements? local, CancellationToken cancellationToken) =>
                WriteAsync(() => inner.RecordFailureAsync(saga, delay, outcome, release, local, cancellationToken));

            public Task<WriteResult> TransitionAsync(SagaContext saga, SagaTransition transition, LocalStatements? local, CancellationToken cancellationToken) =>
                WriteAsync(() => inner.TransitionAsync(saga, transition, local, cancellationToken));

            private async Task<WriteResult> WriteAsync(Func<Task<WriteResult>> write)
            {
                if (run.Mishap())
                {
                    throw new CrashException();
                }

                var result = await write();
                return run.Mishap() ? throw new CrashException() : result;
            }
        }
    }
}
