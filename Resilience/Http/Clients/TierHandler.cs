namespace ResilientShop.Resilience.Http;

/// <summary>Tiers L1 and L2 for an <see cref="HttpClient"/>. Thread-safe.</summary>
/// <param name="dependency">What the client calls.</param>
/// <param name="isDefault">Every client of the process has one like it; one that a client asks for takes its place.</param>
/// <param name="isProxy">
/// What it sends has its context from whoever forwards it, whatever the policy says of propagation; only the tiers know that it is a trial of a recovery.
/// </param>
internal sealed class TierHandler(Dependency dependency, bool isDefault = false, bool isProxy = false) : DelegatingHandler
{
    public Dependency Dependency => dependency;

    public bool IsDefault => isDefault;

    public bool IsProxy => isProxy;

    /// <summary>One attempt.</summary>
    internal Task<HttpResponseMessage> SendOnceAsync(HttpRequestMessage request, CancellationToken cancellationToken) => base.SendAsync(request, cancellationToken);

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
        HttpRequestFacts.IsGrpc(request)
            ? base.SendAsync(request, cancellationToken) // Its status comes after its body; that is the interceptor's business.
            : TierPipeline.ExecuteAsync<HttpCall, HttpResponseMessage>(dependency, new HttpCall(this, request), Deadline.None, cancellationToken);

    /// <summary>A client that never asked for tiers, such as a telemetry exporter's, may block its thread; it does so without them.</summary>
    protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken) => isDefault
        ? base.Send(request, cancellationToken)
        : throw new NotSupportedException($"The client of {dependency.Name} waits without blocking threads: use SendAsync instead of Send.");
}
