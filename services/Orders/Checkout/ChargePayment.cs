using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.Options;
using ResilientShop.Contracts;
using ResilientShop.Orders.Records;
using ResilientShop.Resilience;
using ResilientShop.Resilience.Durable.Sagas;

namespace ResilientShop.Orders.Checkout;

/// <summary>Takes the order's money; its compensation gives it back. Payments is idempotent by order id in both directions.</summary>
internal sealed class ChargePayment(IHttpClientFactory clients, IOptions<CheckoutOptions> options, TimeProvider time) : ISagaStep
{
    /// <summary>Name of the HTTP client.</summary>
    public const string Client = "payments";

    public string Name => "charge";

    public RetryStrategy Retry => RetryStrategy.Exponential;

    public Task<StepOutcome> ExecuteAsync(SagaContext saga, CancellationToken cancellationToken)
    {
        var order = saga.Data<Order>();
        var charge = new ChargeRequest(order.Id, order.Total, order.Currency, order.PaymentToken);
        return SendAsync((client, cancel) => client.PostAsJsonAsync("/payments", charge, cancel), cancellationToken);
    }

    public Task<StepOutcome> CompensateAsync(SagaContext saga, CancellationToken cancellationToken) =>
        SendAsync((client, cancel) => client.PostAsync($"/payments/{saga.Id}/refund", content: null, cancel), cancellationToken);

    private async Task<StepOutcome> SendAsync(
        Func<HttpClient, CancellationToken, Task<HttpResponseMessage>> send, CancellationToken cancellationToken)
    {
        using var attempt = new CancellationTokenSource(options.Value.PaymentsTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(attempt.Token, cancellationToken);
        try
        {
            using var client = clients.CreateClient(Client);
            using var response = await send(client, either.Token);
            return response.IsSuccessStatusCode ? StepOutcome.Done : await JudgeAsync(response, either.Token);
        }
        catch (HttpRequestException exception)
        {
            return StepOutcome.Transient(ProblemCodes.PaymentUnavailable, $"Payments could not be reached: {exception.Message}");
        }
        catch (OperationCanceledException) when (attempt.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            return StepOutcome.Transient(ProblemCodes.PaymentUnavailable, $"Payments did not answer within {options.Value.PaymentsTimeoutMs} ms.");
        }
    }

    private async Task<StepOutcome> JudgeAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var problem = await ReadProblemAsync(response, cancellationToken);
        var status = (int)response.StatusCode;
        var detail = problem?.Detail ?? $"Payments answered {status}.";
        return response.StatusCode switch
        {
            HttpStatusCode.PaymentRequired => StepOutcome.Refused(problem?.Code ?? ProblemCodes.CardDeclined, detail),
            HttpStatusCode.TooManyRequests => StepOutcome.Transient(problem?.Code ?? ProblemCodes.RateLimited, detail, RetryAfter(response)),
            HttpStatusCode.RequestTimeout or >= HttpStatusCode.InternalServerError =>
                StepOutcome.Transient(status == 503 ? problem?.Code ?? ProblemCodes.PaymentUnavailable : ProblemCodes.PaymentUnavailable, detail, RetryAfter(response)),
            _ => StepOutcome.Failed(problem?.Code ?? ProblemCodes.PaymentUnavailable, detail),
        };
    }

    private TimeSpan? RetryAfter(HttpResponseMessage response) => response.Headers.RetryAfter switch
    {
        { Delta: { } delta } => delta,
        { Date: { } date } when date > time.GetUtcNow() => date - time.GetUtcNow(),
        _ => null,
    };

    private static async Task<ProblemBody?> ReadProblemAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        try
        {
            return await response.Content.ReadFromJsonAsync<ProblemBody>(cancellationToken);
        }
        catch (JsonException)
        {
            // Not our own error: something in between answered. Its status says enough.
            return null;
        }
    }

    private sealed record ProblemBody(string? Code, string? Detail);
}
