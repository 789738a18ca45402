namespace ResilientShop.Resilience.Http;

/// <summary>The tiers for clients that are not made by a factory, such as a proxy's.</summary>
public static class TierHandlerExtensions
{
    /// <summary>
    /// Sends what <paramref name="handler"/> would send through the tiers of <paramref name="dependency"/>. The context of a request is its proxy's to tell; the tiers add
    /// <see cref="ResilienceHeaders.RecoveryTrial"/>, which only they know, so that the dependency must be a service of one's own.
    /// </summary>
    public static HttpMessageHandler WithTiers(this HttpMessageHandler handler, Dependency dependency)
    {
        ArgumentNullException.ThrowIfNull(handler);
        ArgumentNullException.ThrowIfNull(dependency);
        return new TierHandler(dependency, isProxy: true) { InnerHandler = handler };
    }

    /// <summary>
    /// Keeps connections as <paramref name="connections"/> says, and keeps the handler from retrying by itself. Must be called before the handler is first used.
    /// </summary>
    public static void KeepConnections(this SocketsHttpHandler handler, ConnectionPolicy connections)
    {
        ArgumentNullException.ThrowIfNull(handler);
        ArgumentNullException.ThrowIfNull(connections);
        handler.PooledConnectionIdleTimeout = connections.Idle;
        handler.PooledConnectionLifetime = connections.Lifetime;
        handler.MaxConnectionsPerServer = connections.MaxPerHost;
        handler.PlaintextStreamFilter ??= AnsweredStream.Filter;
    }
}
