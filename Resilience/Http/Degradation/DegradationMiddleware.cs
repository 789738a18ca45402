using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;

namespace ResilientShop.Resilience.Http;

/// <summary>
/// Gives each request of a marked endpoint its way through a degraded service, refuses those that a broken one does not serve, and takes its outcome as a signal.
/// </summary>
internal sealed class DegradationMiddleware(RequestDelegate next, ServiceDegradation service, TimeProvider time, ResilienceMetrics metrics, SignalMetrics fleet)
{
    public Task InvokeAsync(HttpContext http) => http.GetEndpoint() is { } endpoint && endpoint.Metadata.GetMetadata<SignalsMetadata>() is { } signals
        ? ServeAsync(http, service.Endpoint(signals.Name ?? NameOf(endpoint)))
        : next(http);

    private static string NameOf(Endpoint endpoint) => (endpoint as RouteEndpoint)?.RoutePattern.RawText ?? endpoint.DisplayName ?? "unnamed";

    private async Task ServeAsync(HttpContext http, EndpointSignals endpoint)
    {
        var (position, startedAt) = (service.Current, time.GetTimestamp());
        var takesNormalWay = position.NormalShare >= 1 || (position.NormalShare > 0 && IsTrial(http.Request)) || position.TakesNormalWay(Random.Shared.NextDouble());
        var request = new RequestDegradation(http, service.Service, position, takesNormalWay, metrics);
        http.Features.Set(request);
        if (!takesNormalWay && position.Level == DegradationLevel.Broken)
        {
            service.RecordRefusal();
            fleet.Refused();
            await BrokenRefusal.WriteAsync(http, request, WaitFor(position));
            return;
        }

        var (caller, isCut, hasThrown) = (http.RequestAborted, false, true);
        try
        {
            await next(http);
            (hasThrown, isCut) = (false, caller.IsCancellationRequested);
        }
        catch (BadHttpRequestException wrong) when (wrong.StatusCode < StatusCodes.Status500InternalServerError)
        {
            // The caller's fault; who makes an answer of it stands further out.
            hasThrown = false;
            throw;
        }
        catch (Exception) when (caller.IsCancellationRequested)
        {
            isCut = true;
            throw;
        }
        finally
        {
            if (http.Features.Get<IHttpMetricsTagsFeature>() is not { MetricsDisabled: true })
            {
                Record(endpoint, request, startedAt, isCut, hasThrown || HasFailed(http));
            }
        }
    }

    /// <summary>A request that was cut off by its deadline or its caller is the service's fault when the service had all the time it is allowed; with less it tells nothing.</summary>
    private void Record(EndpointSignals endpoint, RequestDegradation request, long startedAt, bool isCut, bool hasFailed)
    {
        var (position, took) = (request.Position!, time.GetTimestamp() - startedAt);
        var isSlow = took > position.SlowStamps;
        if (isCut && !isSlow)
        {
            return;
        }

        hasFailed |= isCut || request.HasFailed;
        service.Record(endpoint, position, request.TakesNormalWay, startedAt, hasFailed);
        fleet.Served(time.GetElapsedTime(startedAt, startedAt + took), request.TakesNormalWay, hasFailed, isSlow);
    }

    /// <summary>Whether its caller has drawn already: then it is one of the share, and drawing again would leave a share of the share.</summary>
    private static bool IsTrial(HttpRequest request) =>
        request.Headers.TryGetValue(ResilienceHeaders.RecoveryTrial, out var value) && value == ResilienceHeaders.RecoveryTrialValue;

    private static bool HasFailed(HttpContext http)
    {
        if (!IncomingContext.IsGrpc(http.Request))
        {
            return http.Response.StatusCode >= StatusCodes.Status500InternalServerError;
        }

        // An answer of trailers only has it among its headers.
        var status = http.Features.Get<IHttpResponseTrailersFeature>()?.Trailers["grpc-status"].ToString() is { Length: > 0 } trailer ? trailer : http.Response.Headers["grpc-status"].ToString();
        return int.TryParse(status, NumberStyles.None, CultureInfo.InvariantCulture, out var code)
            && code is GrpcCode.Unknown or GrpcCode.DeadlineExceeded or GrpcCode.Internal or GrpcCode.Unavailable or GrpcCode.DataLoss;
    }

    /// <summary>Until the service looks next whether it has recovered: nobody need come earlier.</summary>
    private TimeSpan WaitFor(DegradationPosition position) =>
        position.State is { Level: DegradationLevel.Broken, IsRecovering: false, IsForced: false } ? service.RestOf(position.State) : TimeSpan.FromSeconds(1);
}
