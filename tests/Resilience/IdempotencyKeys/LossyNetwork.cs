using System.Collections.Concurrent;

namespace Resilience.Tests.IdempotencyKeys;

/// <summary>How a reply gets lost.</summary>
internal enum LossKind
{
    None,

    /// <summary>The server has answered; the answer does not arrive.</summary>
    AfterAnswer,

    /// <summary>The connection is closed while the handler runs.</summary>
    WhileHandled,
}

/// <summary>Delivers requests and loses replies as told by <see cref="Loss"/>. Thread-safe.</summary>
internal sealed class LossyNetwork(ShopOnLoopback shop) : DelegatingHandler(new SocketsHttpHandler())
{
    public static readonly HttpRequestOptionsKey<LossKind> Loss = new("loss");
    private int _lost;
    private int _hangUps;
    private int _conflicts;

    public int Lost => _lost;

    public int HangUps => _hangUps;

    public int Conflicts => _conflicts;

    /// <summary>Every final answer that left the server, by key.</summary>
    public ConcurrentDictionary<string, ConcurrentBag<string>> Seen { get; } = new();

    public static LossKind KindOf(string key, int delivery) => (key[^1] + delivery) % 4 == 0 ? LossKind.WhileHandled : LossKind.AfterAnswer;

    public static async Task<string> DescribeAsync(HttpResponseMessage response) =>
        $"{(int)response.StatusCode} {response.Headers.Location} {response.Content.Headers.ContentType} {await response.Content.ReadAsStringAsync()}";

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
        request.Options.TryGetValue(Loss, out var kind) && kind == LossKind.WhileHandled
            ? HangUpAsync(request, cancellationToken)
            : DeliverAsync(request, kind, cancellationToken);

    private async Task<HttpResponseMessage> DeliverAsync(HttpRequestMessage request, LossKind kind, CancellationToken cancellationToken)
    {
        var response = await base.SendAsync(request, cancellationToken);
        if (response.StatusCode == System.Net.HttpStatusCode.Conflict)
        {
            Interlocked.Increment(ref _conflicts);
            return response;
        }

        await response.Content.LoadIntoBufferAsync(cancellationToken);
        Seen.GetOrAdd(request.Headers.GetValues(ResilienceHeaders.IdempotencyKey).Single(), _ => []).Add(await DescribeAsync(response));
        if (kind == LossKind.None)
        {
            return response;
        }

        response.Dispose();
        throw LostNow();
    }

    private async Task<HttpResponseMessage> HangUpAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using var hangUp = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var (delivery, handled) = shop.Expect();
        request.Headers.Add(ShopOnLoopback.DeliveryHeader, delivery);
        var sending = base.SendAsync(request, hangUp.Token);

        // A repeat is not handled but answered; then there is nothing to interrupt, and the answer is lost instead.
        await Task.WhenAny(handled, sending);
        await hangUp.CancelAsync();
        try
        {
            (await sending).Dispose();
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            Interlocked.Increment(ref _hangUps);
        }

        throw LostNow();
    }

    private HttpRequestException LostNow()
    {
        Interlocked.Increment(ref _lost);
        return new HttpRequestException("The reply was lost.");
    }
}
