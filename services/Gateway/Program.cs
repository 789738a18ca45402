using Microsoft.AspNetCore.DataProtection;
using ResilientShop.Gateway.Deadlines;
using ResilientShop.Gateway.Discovery;
using ResilientShop.Gateway.Edge;
using ResilientShop.Gateway.Failover;
using ResilientShop.Gateway.Forwarding;
using ResilientShop.Gateway.Index;
using ResilientShop.Gateway.Releasing;
using ResilientShop.Resilience.Http;
using ResilientShop.ServiceDefaults;
using ResilientShop.ServiceDefaults.WarmUp;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Health;
using Yarp.ReverseProxy.ServiceDiscovery;

var builder = WebApplication.CreateBuilder(args);
builder.AddServiceDefaults();
builder.Services.AddOptions<GatewayOptions>().BindConfiguration(GatewayOptions.Section).ValidateDataAnnotations().ValidateOnStart();
builder.Services.AddSingleton<IPolicyRequirement, EveryRouteHasAnSla>();
builder.Services.AddSingleton<IDestinationResolver, ServiceDiscoveryDestinationResolver>();
builder.Services.AddSingleton<IPassiveHealthCheckPolicy, ConnectFailurePolicy>();
builder.Services.AddSingleton<IForwarderHttpClientFactory, TieredForwarderClientFactory>();
foreach (var cluster in builder.Configuration.GetSection("ReverseProxy:Clusters").GetChildren())
{
    // Known by name, so that each is checked and described at start.
    builder.Services.ConfigureDependency(cluster.Key, policy => policy);
}

// The proxy's session affinity, which no route uses, would otherwise leave key files in the user's home.
builder.Services.AddDataProtection().UseEphemeralDataProtectionProvider();
builder.Services.AddReverseProxy()
    .LoadFromConfig(builder.Configuration.GetSection("ReverseProxy"))
    .AddConfigFilter<RouteDeadline>()
    .AddTransforms<DeadlineTransform>();

builder.AddWarmUpRequests(
    new WarmUpRequest("GET", "/orders/{id}"),
    new WarmUpRequest("POST", "/orders", "{}"),
    new WarmUpRequest("GET", "/inventory/warm-up"),
    new WarmUpRequest("GET", "/payments/{id}"));

var app = builder.Build();
app.UseUntrustedCallers();
app.UseReleaseSessions();
app.MapDefaultEndpoints();
app.MapIndex();
app.MapReverseProxy(proxy =>
{
    proxy.UseBodyLimit();
    proxy.UseMiddleware<DeadlineMiddleware>();
    proxy.UseMiddleware<CanaryClusters>();
    proxy.UseForwarderProblems();
    proxy.UseMiddleware<FailoverMiddleware>();
    proxy.UseLoadBalancing();
    proxy.UsePassiveHealthChecks();
});
app.Run();
