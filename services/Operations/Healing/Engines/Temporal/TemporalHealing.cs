using Microsoft.Extensions.Options;
using ResilientShop.Operations.Healing.Workflow;
using Temporalio.Client;
using Temporalio.Common;
using Temporalio.Exceptions;

namespace ResilientShop.Operations.Healing.Engines.Temporal;

/// <summary>Healings as workflows on Temporal. Thread-safe.</summary>
internal sealed partial class TemporalHealing(ITemporalClient client, TemporalChoice choice, IOptions<HealingOptions> options, ILogger<TemporalHealing> logger) : IHealingEngine
{
    private const int LongestSummary = 100;

    private static readonly SearchAttributeKey<string> Service = SearchAttributeKey.CreateKeyword("HealingService");
    private static readonly SearchAttributeKey<string> ErrorCode = SearchAttributeKey.CreateKeyword("HealingErrorCode");
    private static readonly SearchAttributeKey<string> Cause = SearchAttributeKey.CreateKeyword("HealingCause");

    private volatile bool _hasNoAttributes;

    public string Name => "temporal";

    public string Description => $"Healing runs on Temporal at {choice.Address}, task queue {HealingWorkflow.TaskQueue}.";

    public async Task StartAsync(HealingInput input, HealingSubject subject, CancellationToken cancellationToken)
    {
        using var trace = HealingTrace.Continue("start healing", input.Traceparent);
        try
        {
            await StartAsync(input, _hasNoAttributes ? null : subject, subject, cancellationToken);
        }
        catch (RpcException exception) when (!_hasNoAttributes && exception.Code == RpcException.StatusCode.InvalidArgument && exception.Message.Contains("search attribute", StringComparison.OrdinalIgnoreCase))
        {
            _hasNoAttributes = true;
            LogNoAttributes(exception.Message);
            await StartAsync(input, null, subject, cancellationToken);
        }
    }

    public async Task<bool> SayAsync(Guid letter, HealingWord word, CancellationToken cancellationToken)
    {
        var handle = client.GetWorkflowHandle<HealingWorkflow>(HealingWorkflow.IdOf(letter));
        var said = new WorkflowSignalOptions { Rpc = new RpcOptions { CancellationToken = cancellationToken } };
        try
        {
            await (word.Word switch
            {
                HealingWord.Approve => handle.SignalAsync(workflow => workflow.ApproveAsync(word), said),
                HealingWord.Retry => handle.SignalAsync(workflow => workflow.RetryAsync(word), said),
                _ => handle.SignalAsync(workflow => workflow.AbortAsync(word), said),
            });
            return true;
        }
        catch (RpcException exception) when (exception.Code == RpcException.StatusCode.NotFound)
        {
            return false;
        }
        catch (RpcException exception)
        {
            throw new HealingEngineException($"Temporal did not take it ({exception.Code}): say it again.");
        }
    }

    private async Task StartAsync(HealingInput input, HealingSubject? attributes, HealingSubject subject, CancellationToken cancellationToken)
    {
        var limits = options.Value.Limits;
        var start = new WorkflowOptions(HealingWorkflow.IdOf(input.LetterId), HealingWorkflow.TaskQueue)
        {
            ExecutionTimeout = HealingStarter.Longest,

            // A second start returns the first run, while it goes on and when it has ended.
            IdConflictPolicy = Temporalio.Api.Enums.V1.WorkflowIdConflictPolicy.UseExisting,
            IdReusePolicy = Temporalio.Api.Enums.V1.WorkflowIdReusePolicy.RejectDuplicate,
            StaticSummary = Shortened($"{subject.ServiceName} - {subject.ErrorCode}"),
            Rpc = new RpcOptions { CancellationToken = cancellationToken },
        };
        if (attributes is not null)
        {
            start.TypedSearchAttributes = new SearchAttributeCollection.Builder()
                .Set(Service, attributes.ServiceName).Set(ErrorCode, attributes.ErrorCode).Set(Cause, attributes.Fingerprint).ToSearchAttributeCollection();
        }

        try
        {
            await client.StartWorkflowAsync((HealingWorkflow workflow) => workflow.RunAsync(input, limits), start);
        }
        catch (WorkflowAlreadyStartedException)
        {
            // It has ended already.
        }
    }

    /// <summary>The server takes a summary of 400 bytes at most.</summary>
    private static string Shortened(string text) => text.Length > LongestSummary ? text[..LongestSummary] : text;

    [LoggerMessage(LogLevel.Warning, "Healings have no search attributes; add HealingService, HealingErrorCode and HealingCause (Keyword) to the namespace to look for them: {Problem}")]
    private partial void LogNoAttributes(string problem);
}
