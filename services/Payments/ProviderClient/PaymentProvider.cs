using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.Options;
using ResilientShop.Payments.Provider;
using ResilientShop.Resilience;

namespace ResilientShop.Payments.ProviderClient;

/// <summary>
/// Asks the payment provider over HTTP, once a call: who retries, and how often, is the caller's contract. Every charge carries the order's id
/// as its idempotency key. Throws only when the caller gives up; whatever the network does is an answer.
/// </summary>
internal sealed partial class PaymentProvider(HttpClient http, IOptions<ProviderOptions> options, TimeProvider time, ILogger<PaymentProvider> logger)
{
    /// <summary>Takes the money, at most once for <paramref name="orderId"/>.</summary>
    public Task<ProviderAnswer> ChargeAsync(Guid orderId, decimal amount, string currency, string token, CancellationToken cancellationToken)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/provider/charges")
        {
            Content = JsonContent.Create(new ProviderChargeRequest(amount, currency, token)),
        };
        request.Headers.Add(ResilienceHeaders.IdempotencyKey, orderId.ToString());
        return AskAsync(orderId, request, cancellationToken);
    }

    /// <summary>Gives back what was taken for <paramref name="orderId"/>, and forbids to take it later.</summary>
    public Task<ProviderAnswer> VoidAsync(Guid orderId, CancellationToken cancellationToken) =>
        AskAsync(orderId, new HttpRequestMessage(HttpMethod.Post, $"/provider/charges/{orderId}/void"), cancellationToken);

    private async Task<ProviderAnswer> AskAsync(Guid orderId, HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using var attempt = new CancellationTokenSource(options.Value.AttemptTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, attempt.Token);
        using (request)
        {
            try
            {
                using var response = await http.SendAsync(request, either.Token);
                return await ReadAsync(orderId, response, either.Token);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                return Unavailable(orderId, $"did not answer within {options.Value.AttemptTimeout.TotalMilliseconds:0} ms", null);
            }
            catch (Exception exception) when (exception is HttpRequestException or IOException or JsonException or NotSupportedException)
            {
                return Unavailable(orderId, "could not be reached or broke off", exception);
            }
        }
    }

    private async Task<ProviderAnswer> ReadAsync(Guid orderId, HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (response.StatusCode is HttpStatusCode.OK or HttpStatusCode.Conflict)
        {
            var charge = await response.Content.ReadFromJsonAsync<ProviderCharge>(cancellationToken) ?? throw new JsonException("The answer is empty.");
            return new ProviderAnswer(
                charge.Status == ProviderCharge.Voided ? ProviderOutcome.Voided : ProviderOutcome.Captured,
                WasCaptured: charge.Captured > 0);
        }

        // The provider's own code and not the status alone: a proxy on the way may answer 400 or 503 too, and that decides nothing.
        var problem = await response.Content.ReadFromJsonAsync<ProviderProblem>(cancellationToken);
        return problem?.Code switch
        {
            ProviderErrors.Declined => new ProviderAnswer(ProviderOutcome.Declined),
            ProviderErrors.UnknownToken => new ProviderAnswer(ProviderOutcome.UnknownToken),
            ProviderErrors.RateLimited => new ProviderAnswer(ProviderOutcome.RateLimited, RetryAfter: response.Headers.RetryAfter?.Delta),
            ProviderErrors.Busy => new ProviderAnswer(ProviderOutcome.Busy),
            _ => Unavailable(orderId, $"answered {(int)response.StatusCode}", null),
        };
    }

    private ProviderAnswer Unavailable(Guid orderId, string reason, Exception? exception)
    {
        LogUnavailable(logger, orderId, reason, exception?.Message);
        return new ProviderAnswer(ProviderOutcome.Unavailable, Reason: reason);
    }

    [LoggerMessage(LogLevel.Warning, "Order {OrderId}: the payment provider {Reason} ({Cause})")]
    private static partial void LogUnavailable(ILogger logger, Guid orderId, string reason, string? cause);
}
