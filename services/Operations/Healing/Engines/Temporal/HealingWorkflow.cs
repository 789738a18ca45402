using ResilientShop.Operations.Healing.Workflow;
using Temporalio.Common;
using Temporalio.Workflows;

namespace ResilientShop.Operations.Healing.Engines.Temporal;

/// <summary>
/// A healing on Temporal: the script of every engine, with Temporal's activities, timers and signals. Deterministic: whoever changes the order of its commands guards the change with
/// <see cref="Temporalio.Workflows.Workflow.Patched"/>, and the tests that replay its histories say when that was forgotten.
/// </summary>
[Workflow("HealingWorkflow")]
internal sealed class HealingWorkflow
{
    /// <summary>Where workers look for healings.</summary>
    public const string TaskQueue = "healing-tq";

    private readonly Queue<HealingWord> _unheard = new();
    private readonly HashSet<long> _heard = [];
    private HealingScript? _script;
    private Diagnosis? _told;

    /// <summary>The workflow of a letter: a letter that is delivered again starts nothing new.</summary>
    public static string IdOf(Guid letter) => $"healing-{letter}";

    [WorkflowRun]
    public Task<HealingEnd> RunAsync(HealingInput input, HealingLimits limits)
    {
        _script = new HealingScript(new Driver(this, input), limits);
        return _script.RunAsync();
    }

    /// <summary>Somebody knows better than the activity what the matter is; holds for the next look.</summary>
    [WorkflowSignal]
    public Task DiagnosedAsync(Diagnosis diagnosis)
    {
        _told = diagnosis;
        return Task.CompletedTask;
    }

    [WorkflowSignal]
    public Task ApproveAsync(HealingWord word) => HearAsync(word with { Word = HealingWord.Approve });

    [WorkflowSignal]
    public Task RetryAsync(HealingWord word) => HearAsync(word with { Word = HealingWord.Retry });

    [WorkflowSignal]
    public Task AbortAsync(HealingWord word) => HearAsync(word with { Word = HealingWord.Abort });

    /// <summary>Where it is.</summary>
    [WorkflowQuery]
    public HealingProgress Progress() => new(_script?.State ?? "starting", _script?.Attempt ?? 0, _script?.Diagnosis);

    private Task HearAsync(HealingWord word)
    {
        // A word may be passed on twice: by whoever started the healing, and by the instance to which it was said.
        if (word.Id == 0 || _heard.Add(word.Id))
        {
            _unheard.Enqueue(word);
        }

        return Task.CompletedTask;
    }

    private sealed class Driver(HealingWorkflow workflow, HealingInput input) : IHealingDriver
    {
        /// <summary>Short, and repeated for as long as the healing may take: only the database's absence makes one fail.</summary>
        private static readonly ActivityOptions Quick = new()
        {
            StartToCloseTimeout = TimeSpan.FromSeconds(20),
            RetryPolicy = new RetryPolicy { InitialInterval = TimeSpan.FromMilliseconds(200), BackoffCoefficient = 2, MaximumInterval = TimeSpan.FromSeconds(10) },
        };

        /// <summary>Waits for something and says every look that it is there, so that a worker that dies is noticed.</summary>
        private static readonly ActivityOptions Patient = new()
        {
            StartToCloseTimeout = TimeSpan.FromMinutes(1), HeartbeatTimeout = TimeSpan.FromSeconds(30), RetryPolicy = Quick.RetryPolicy,
        };

        /// <summary>Telling people is tried three times: a webhook that is away must not keep an order from being healed.</summary>
        private static readonly ActivityOptions Alerting = new()
        {
            StartToCloseTimeout = TimeSpan.FromSeconds(15), RetryPolicy = new RetryPolicy { MaximumAttempts = 3 },
        };

        public async Task<Diagnosis> DiagnoseAsync(int look)
        {
            var found = await Temporalio.Workflows.Workflow.ExecuteActivityAsync((HealingActivities activities) => activities.DiagnoseAsync(input), Quick);
            var told = workflow._told;
            workflow._told = null;
            return told ?? found;
        }

        public Task<AttemptPermit> BeginAttemptAsync(int attempt, string? allowedBy) =>
            Temporalio.Workflows.Workflow.ExecuteActivityAsync((HealingActivities activities) => activities.BeginAttemptAsync(input, attempt, allowedBy), Quick);

        public async Task RespondAsync(int attempt, Diagnosis diagnosis, string? approvedBy)
        {
            var all = new Task[]
            {
                Temporalio.Workflows.Workflow.ExecuteActivityAsync((HealingActivities activities) => activities.RollBackAsync(input, attempt, diagnosis, approvedBy), Quick),
                AlertAsync(attempt, diagnosis),
                Temporalio.Workflows.Workflow.ExecuteActivityAsync((HealingActivities activities) => activities.ReportMetricsAsync(input, diagnosis), Quick),
            };
            await Task.WhenAll(all);
        }

        public Task<ReplayResult> ReplayAsync(int attempt) =>
            Temporalio.Workflows.Workflow.ExecuteActivityAsync((HealingActivities activities) => activities.ReplayAsync(input, attempt), Quick);

        public Task<Verification> VerifyAsync(int attempt) =>
            Temporalio.Workflows.Workflow.ExecuteActivityAsync((HealingActivities activities) => activities.VerifyAsync(input, attempt), Patient);

        public Task<Escalation> EscalateAsync(int look, string reason) =>
            Temporalio.Workflows.Workflow.ExecuteActivityAsync((HealingActivities activities) => activities.EscalateAsync(input, look, reason), Quick);

        public Task EndAsync(HealingEnd end) => Temporalio.Workflows.Workflow.ExecuteActivityAsync((HealingActivities activities) => activities.EndAsync(input, end), Quick);

        public async Task<HealingWord?> WaitAsync(TimeSpan time)
        {
            if (workflow._unheard.Count == 0 && time > TimeSpan.Zero)
            {
                await Temporalio.Workflows.Workflow.WaitConditionAsync(() => workflow._unheard.Count > 0, time);
            }

            return workflow._unheard.TryDequeue(out var word) ? word : null;
        }

        private static bool IsOver(Exception exception) => exception is Temporalio.Exceptions.ActivityFailureException { InnerException: not Temporalio.Exceptions.CanceledFailureException };

        private async Task AlertAsync(int attempt, Diagnosis diagnosis)
        {
            try
            {
                await Temporalio.Workflows.Workflow.ExecuteActivityAsync((HealingActivities activities) => activities.AlertAsync(input, attempt, diagnosis), Alerting);
            }
            catch (Exception exception) when (IsOver(exception))
            {
                // Nobody could be told; what is healed needs nobody.
            }
        }
    }
}

/// <summary>Where a healing is.</summary>
/// <param name="State">What it does now.</param>
/// <param name="Attempt">The try that is under way or was made last.</param>
/// <param name="Diagnosis">What was found last; null before the first look.</param>
internal sealed record HealingProgress(string State, int Attempt, Diagnosis? Diagnosis);
