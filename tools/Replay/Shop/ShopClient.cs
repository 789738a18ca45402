using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Replay.Shop;

/// <summary>
/// The shop's API as seen through the gateway. A call never throws for what the shop does; it ends with the last answer, or with none and
/// the reason. Thread-safe.
/// </summary>
internal sealed class ShopClient(HttpClient http, RetrySchedule retries, CallCounts counts, TimeProvider time)
{
    private const string JsonMediaType = "application/json";
    private const int ShownBodyCharacters = 200;

    private static readonly MediaTypeHeaderValue JsonContentType = new(JsonMediaType);

    /// <summary>Places an order under its idempotency key.</summary>
    public Task<ShopAnswer<OrderView>> PlaceOrderAsync(string key, PlaceOrderRequest order, CancellationToken cancellationToken)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(order, ShopJson.Default.PlaceOrderRequest);
        return SendAsync(PlaceOrder, ShopJson.Default.OrderView, cancellationToken);

        HttpRequestMessage PlaceOrder()
        {
            var request = WithJson(HttpMethod.Post, "orders", body);
            request.Headers.Add("Idempotency-Key", key);
            return request;
        }
    }

    /// <summary>Asks for the cancellation of an order.</summary>
    public Task<ShopAnswer<OrderView>> CancelOrderAsync(Guid id, CancellationToken cancellationToken) =>
        SendAsync(() => new HttpRequestMessage(HttpMethod.Post, $"orders/{id}/cancel"), ShopJson.Default.OrderView, cancellationToken);

    /// <summary>Reads an order.</summary>
    public Task<ShopAnswer<OrderView>> GetOrderAsync(Guid id, CancellationToken cancellationToken) =>
        SendAsync(() => new HttpRequestMessage(HttpMethod.Get, $"orders/{id}"), ShopJson.Default.OrderView, cancellationToken);

    /// <summary>Reads the payment of an order; 404 when it was never asked for money.</summary>
    public Task<ShopAnswer<PaymentView>> GetPaymentAsync(Guid orderId, CancellationToken cancellationToken) =>
        SendAsync(() => new HttpRequestMessage(HttpMethod.Get, $"payments/{orderId}"), ShopJson.Default.PaymentView, cancellationToken);

    /// <summary>Reads the stock of a sku; 404 when the shop does not know it.</summary>
    public Task<ShopAnswer<StockView>> GetStockAsync(string sku, CancellationToken cancellationToken) =>
        SendAsync(() => new HttpRequestMessage(HttpMethod.Get, $"inventory/{sku}"), ShopJson.Default.StockView, cancellationToken);

    /// <summary>Sets what can be sold of a sku.</summary>
    public Task<ShopAnswer<StockView>> SetStockAsync(string sku, decimal available, CancellationToken cancellationToken)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(new SetStockRequest(available), ShopJson.Default.SetStockRequest);
        return SendAsync(() => WithJson(HttpMethod.Put, $"inventory/{sku}", body), ShopJson.Default.StockView, cancellationToken);
    }

    /// <summary>True for an HTTP status that says "not now".</summary>
    public static bool IsTransient(int status) => status is 408 or 429 or >= 500;

    private static HttpRequestMessage WithJson(HttpMethod method, string path, byte[] body) =>
        new(method, path) { Content = new ByteArrayContent(body) { Headers = { ContentType = JsonContentType } } };

    private async Task<ShopAnswer<T>> SendAsync<T>(Func<HttpRequestMessage> request, JsonTypeInfo<T> type, CancellationToken cancellationToken)
        where T : class
    {
        for (var retry = 0; ; retry++)
        {
            var (answer, cause, retryAfter) = await AttemptAsync(request, type, cancellationToken);
            if (cause is null || retry == retries.MaxRetries)
            {
                return answer;
            }

            counts.CountRetry(cause);
            var backoff = retries.Delay(retry, Random.Shared.NextDouble());
            var asked = retryAfter is { } wait && wait > backoff ? TimeSpan.FromTicks(Math.Min(wait.Ticks, retries.MaxRetryAfter.Ticks)) : backoff;
            await Task.Delay(asked, time, cancellationToken);
        }
    }

    private async Task<(ShopAnswer<T> Answer, string? RetryCause, TimeSpan? RetryAfter)> AttemptAsync<T>(
        Func<HttpRequestMessage> create, JsonTypeInfo<T> type, CancellationToken cancellationToken)
        where T : class
    {
        using var timeout = new CancellationTokenSource(retries.AttemptTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
        try
        {
            using var request = create();
            LeaveUntracedUnlessItSells(request);
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseContentRead, either.Token);
            var body = await response.Content.ReadAsByteArrayAsync(either.Token);
            var status = (int)response.StatusCode;
            var cause = IsTransient(status) ? status.ToString(CultureInfo.InvariantCulture) : null;
            return (Read(response, body, type), cause, response.Headers.RetryAfter?.Delta);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return (new ShopAnswer<T>(0, null, null, $"no answer within {retries.AttemptTimeout.TotalSeconds} s"), "timeout", null);
        }
        catch (HttpRequestException error)
        {
            return (new ShopAnswer<T>(0, null, null, $"no answer: {(error.InnerException ?? error).Message}"), "connection", null);
        }
    }

    /// <summary>
    /// Seeding and checking are thousands of calls that nobody wants to see: their trace context says "not sampled" (W3C Trace Context,
    /// flags 00), so the shop's traces show the orders.
    /// </summary>
    private static void LeaveUntracedUnlessItSells(HttpRequestMessage request)
    {
        if (request.Method != HttpMethod.Post)
        {
            request.Headers.Add("traceparent", $"00-{ActivityTraceId.CreateRandom()}-{ActivitySpanId.CreateRandom()}-00");
        }
    }

    private static ShopAnswer<T> Read<T>(HttpResponseMessage response, byte[] body, JsonTypeInfo<T> type)
        where T : class
    {
        var status = (int)response.StatusCode;
        try
        {
            return response.IsSuccessStatusCode
                ? new ShopAnswer<T>(status, JsonSerializer.Deserialize(body, type), null, null)
                : new ShopAnswer<T>(status, null, JsonSerializer.Deserialize(body, ShopJson.Default.ProblemBody), null);
        }
        catch (JsonException error)
        {
            var text = Encoding.UTF8.GetString(body.AsSpan(0, Math.Min(body.Length, ShownBodyCharacters)));
            return new ShopAnswer<T>(status, null, null, $"with a body that is not the JSON of the API ({error.Message}): {text.ReplaceLineEndings(" ")}");
        }
    }
}
