using ResilientShop.Resilience;
using Yarp.ReverseProxy.Forwarder;

namespace ResilientShop.Gateway.Failover;

/// <summary>Tells the one failure after which nobody can have seen the request: no connection came about.</summary>
internal static class ConnectFailure
{
    public static bool Is(IForwarderErrorFeature? error) =>
        error is { Error: ForwarderError.Request, Exception: { } exception } && ConnectionFailure.IsBeforeSending(exception);
}
