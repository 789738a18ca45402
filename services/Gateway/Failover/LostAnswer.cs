using ResilientShop.Resilience;
using Yarp.ReverseProxy.Forwarder;

namespace ResilientShop.Gateway.Failover;

/// <summary>Tells that an instance broke off before it had answered. What the tiers refused is no such thing: another instance has the same breaker.</summary>
internal static class LostAnswer
{
    public static bool Is(IForwarderErrorFeature error) =>
        error is { Error: ForwarderError.Request or ForwarderError.RequestBodyDestination, Exception: not (null or TieredCallException) };
}
