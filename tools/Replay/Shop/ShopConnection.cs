namespace Replay.Shop;

/// <summary>Opens connections to the gateway.</summary>
internal static class ShopConnection
{
    private const int MaxAnswerBytes = 8 * 1024 * 1024;

    /// <summary>
    /// A client with room for <paramref name="concurrency"/> orders in flight and the look-ups beside them. Proxies are for the outside, so a local
    /// gateway is always reached directly.
    /// </summary>
    public static HttpClient Open(Uri gateway, int concurrency, bool local)
    {
        var handler = new SocketsHttpHandler
        {
            MaxConnectionsPerServer = concurrency + 16,
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
            ConnectTimeout = TimeSpan.FromSeconds(5),
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = !local,
            // Traces start at the gateway.
            ActivityHeadersPropagator = null,
        };
        return new HttpClient(handler, disposeHandler: true)
        {
            BaseAddress = gateway,
            Timeout = Timeout.InfiniteTimeSpan,
            MaxResponseContentBufferSize = MaxAnswerBytes,
        };
    }
}
