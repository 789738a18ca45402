using System.Net.Http.Json;
using Microsoft.Extensions.Options;
using ResilientShop.Operations.Healing.Workflow;
using ResilientShop.Resilience.Durable;

namespace ResilientShop.Operations.Healing.Activities;

/// <summary>Tells people on call that something is being healed: in the log, and by a webhook where one is set. One that does not answer costs a healing <see cref="HealingOptions.AlertWithin"/> a try and no more. Thread-safe.</summary>
internal sealed partial class HealingAlert(IHttpClientFactory clients, IOptions<HealingOptions> options, ILogger<HealingAlert> logger)
{
    /// <summary>Name of the client and of the dependency.</summary>
    public const string Client = "healing-webhook";

    /// <returns>What came of it.</returns>
    public async Task<string> SendAsync(DeadLetter letter, int attempt, Diagnosis diagnosis, CancellationToken cancellationToken)
    {
        LogAttempt(letter.ServiceName, letter.Operation, letter.Key, attempt, diagnosis.Cause, diagnosis.Summary);
        if (options.Value.Webhook is not { } address)
        {
            return "It is in the log; no webhook is set (Healing__Webhook).";
        }

        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(options.Value.AlertWithin);
        try
        {
            using var client = clients.CreateClient(Client);
            var text = $"{letter.ServiceName}: {letter.Operation} failed with {letter.ErrorCode}; try {attempt} to heal it. {diagnosis.Summary}";
            using var answer = await client.PostAsJsonAsync(
                address, new Notice(letter.Id, letter.ServiceName, letter.Operation, letter.ErrorCode, letter.Key, options.Value.PriorityOf(letter.ErrorCode), attempt, diagnosis.Cause, text), patience.Token);
            return answer.IsSuccessStatusCode ? "People on call were told." : $"People on call could not be told: the webhook answered {(int)answer.StatusCode}.";
        }
        catch (HttpRequestException exception)
        {
            return $"People on call could not be told: the webhook cannot be reached ({exception.HttpRequestError}).";
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return "People on call could not be told: the webhook does not answer.";
        }
    }

    [LoggerMessage(LogLevel.Warning, "Healing {Service}: {Operation} of {Key}, try {Attempt}, cause {Cause}. {Summary}")]
    private partial void LogAttempt(string service, string operation, string key, int attempt, string cause, string summary);

    /// <summary>What is sent.</summary>
    private sealed record Notice(Guid LetterId, string Service, string Operation, string ErrorCode, string Key, string Priority, int Attempt, string Cause, string Text);
}
