using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.Options;
using ResilientShop.Contracts;
using ResilientShop.Orders.Records;
using ResilientShop.Resilience;
using ResilientShop.Resilience.Durable.Sagas;

namespace ResilientShop.Orders.Checkout;

/// <summary>
/// Takes the order's money; its compensation gives it back. Payments is idempotent by order id in both directions. Its client answers 503 or 504 with a
/// <c>code</c> where its tiers end a call, so a breaker that is open reads as a Payments that is away for so long.
/// </summary>
internal sealed class ChargePayment(IHttpClientFactory clients, ChargeAnswer answers, IOptions<CheckoutOptions> options, TimeProvider time) : ICompensableStep
{
    /// <summary>Name of the HTTP client and of the dependency.</summary>
    public const string Client = "payments";

    public string Name => "charge";

    public RetryStrategy Retry => RetryStrategy.Exponential;

    public TimeSpan Hold => options.Value.Hold;

    public Task<StepOutcome> ExecuteAsync(SagaContext saga, CancellationToken cancellationToken)
    {
        var order = saga.Data<Order>();
        var charge = new ChargeRequest(order.Id, order.Total, order.Currency, order.PaymentToken);
        return SendAsync(
            saga, new HttpRequestMessage(HttpMethod.Post, "/payments") { Content = JsonContent.Create(charge) }, answer => answers.CheckAsync(answer, order, cancellationToken), cancellationToken);
    }

    public Task<StepOutcome> CompensateAsync(SagaContext saga, CancellationToken cancellationToken) =>
        SendAsync(saga, new HttpRequestMessage(HttpMethod.Post, $"/payments/{saga.Id}/refund"), _ => Task.FromResult(StepOutcome.Done), cancellationToken);

    private async Task<StepOutcome> SendAsync(
        SagaContext saga, HttpRequestMessage request, Func<HttpResponseMessage, Task<StepOutcome>> accept, CancellationToken cancellationToken)
    {
        using (request)
        {
            request.Headers.Add(ResilienceHeaders.IdempotencyKey, saga.Id.ToString());
            try
            {
                using var client = clients.CreateClient(Client);
                using var response = await client.SendAsync(request, cancellationToken);
                return response.IsSuccessStatusCode ? await accept(response) : await JudgeAsync(response, cancellationToken);
            }
            catch (HttpRequestException exception)
            {
                return StepOutcome.Transient(ProblemCodes.PaymentUnavailable, $"Payments could not be reached: {exception.Message}");
            }
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
                StepOutcome.Transient(problem?.Code == ProblemCodes.Busy ? ProblemCodes.Busy : ProblemCodes.PaymentUnavailable, detail, RetryAfter(response)),
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
