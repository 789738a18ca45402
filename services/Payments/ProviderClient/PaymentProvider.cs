using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using ResilientShop.Payments.Provider;
using ResilientShop.Resilience;

namespace ResilientShop.Payments.ProviderClient;

/// <summary>
/// Asks the payment provider over HTTP, through the tiers: every question carries the order's id as its idempotency key, so it may be asked again. Throws
/// only when the caller gives up; whatever the network does is an answer. Captures of what was only authorized are a dependency of their own: they come from a worker that
/// never gives up, and whatever becomes of them must not open the breaker of those whom a buyer waits for. Thread-safe.
/// </summary>
internal sealed partial class PaymentProvider(IHttpClientFactory clients, ILogger<PaymentProvider> logger)
{
    /// <summary>Name of the client and of the dependency for all that a buyer waits for.</summary>
    public const string Dependency = "payment-provider";

    /// <summary>Name of the client and of the dependency for captures.</summary>
    public const string Captures = "payment-captures";

    /// <summary>Takes the money, at most once for <paramref name="orderId"/>.</summary>
    public Task<ProviderAnswer> ChargeAsync(Guid orderId, decimal amount, string currency, string token, CancellationToken cancellationToken)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/provider/charges")
        {
            Content = JsonContent.Create(new ProviderChargeRequest(amount, currency, token)),
        };
        return AskAsync(orderId, request, cancellationToken);
    }

    /// <summary>Lets the provider hold the money without taking it, which is quicker; at most once for <paramref name="orderId"/>.</summary>
    public Task<ProviderAnswer> AuthorizeAsync(Guid orderId, decimal amount, string currency, string token, CancellationToken cancellationToken)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/provider/authorizations")
        {
            Content = JsonContent.Create(new ProviderChargeRequest(amount, currency, token)),
        };
        return AskAsync(orderId, request, cancellationToken);
    }

    /// <summary>Takes what is held for <paramref name="orderId"/>.</summary>
    public Task<ProviderAnswer> CaptureAsync(Guid orderId, CancellationToken cancellationToken) =>
        AskAsync(orderId, new HttpRequestMessage(HttpMethod.Post, $"/provider/authorizations/{orderId}/capture"), cancellationToken, Captures);

    /// <summary>Gives back what was taken for <paramref name="orderId"/>, and forbids to take it later.</summary>
    public Task<ProviderAnswer> VoidAsync(Guid orderId, CancellationToken cancellationToken) =>
        AskAsync(orderId, new HttpRequestMessage(HttpMethod.Post, $"/provider/charges/{orderId}/void"), cancellationToken);

    private async Task<ProviderAnswer> AskAsync(Guid orderId, HttpRequestMessage request, CancellationToken cancellationToken, string dependency = Dependency)
    {
        using (request)
        {
            using var http = clients.CreateClient(dependency);
            request.Headers.Add(ResilienceHeaders.IdempotencyKey, orderId.ToString());
            try
            {
                using var response = await http.SendAsync(request, cancellationToken);
                return await ReadAsync(orderId, response, cancellationToken);
            }
            catch (TieredCallException refusal)
            {
                return Unavailable(orderId, Describe(refusal.Refusal), refusal);
            }
            catch (Exception exception) when (exception is HttpRequestException or IOException or JsonException or NotSupportedException)
            {
                return Unavailable(orderId, "could not be reached or broke off", exception);
            }
        }
    }

    /// <summary>The end of a sentence that starts with "The payment provider".</summary>
    private static string Describe(Refusal refusal) => refusal.Kind switch
    {
        RefusalKind.BreakerOpen => "has failed too often and is left alone for a moment",
        RefusalKind.RetryBudgetExhausted => "is sent no more retries for a moment",
        _ => string.Create(CultureInfo.InvariantCulture, $"did not answer within {refusal.AttemptTime.TotalMilliseconds:0} ms"),
    };

    private async Task<ProviderAnswer> ReadAsync(Guid orderId, HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (response.StatusCode is HttpStatusCode.OK or HttpStatusCode.Conflict)
        {
            var charge = await response.Content.ReadFromJsonAsync<ProviderCharge>(cancellationToken) ?? throw new JsonException("The answer is empty.");
            var outcome = charge.Status switch
            {
                ProviderCharge.Voided => ProviderOutcome.Voided,
                ProviderCharge.Authorized => ProviderOutcome.Authorized,
                _ => ProviderOutcome.Captured,
            };
            return new ProviderAnswer(outcome, WasCaptured: charge.Captured > 0) { Receipt = charge.Id };
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
