using Microsoft.AspNetCore.Http;

namespace ResilientShop.Resilience.Http;

/// <summary>
/// What a request has of its service's degradation: decided once, at its start. Handlers ask <see cref="TakesNormalWay"/> and, where they took the cheaper way,
/// say so with <see cref="Say"/>. For the threads of one request.
/// </summary>
public sealed class RequestDegradation
{
    private readonly HttpContext? _http;
    private readonly ResilienceMetrics? _metrics;
    private readonly string? _service;

    internal RequestDegradation(HttpContext? http, string? service, DegradationPosition? position, bool takesNormalWay, ResilienceMetrics? metrics) =>
        (_http, _service, Position, TakesNormalWay, _metrics) = (http, service, position, takesNormalWay, metrics);

    /// <summary>The service's position when the request came; null where the endpoint's requests are no signals.</summary>
    public DegradationPosition? Position { get; }

    /// <summary>Whether the request is served as always.</summary>
    public bool TakesNormalWay { get; }

    /// <summary>The cheaper way that the answer says it took, or null.</summary>
    public string? Mode { get; private set; }

    internal bool HasFailed { get; private set; }

    /// <summary>Says in header <see cref="ResilienceHeaders.Degraded"/> which cheaper way was taken. The answer must not have started; its body should say so too.</summary>
    /// <param name="mode">Name of the way, for example <c>last-known-stock</c>.</param>
    public void Say(string mode)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(mode);
        Mode = mode;
        if (_http is not null)
        {
            _http.Response.Headers[ResilienceHeaders.Degraded] = mode;
            _metrics?.Degraded(_service!, mode);
        }
    }

    /// <summary>Lets the request count as one that failed by the service's fault, whatever its status: it did not get what it was promised.</summary>
    public void CountAsFailed() => HasFailed = true;
}
