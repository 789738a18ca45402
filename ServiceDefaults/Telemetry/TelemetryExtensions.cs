using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace ResilientShop.ServiceDefaults.Telemetry;

/// <summary>
/// Traces, metrics and logs. Metrics can always be scraped from <c>/metrics</c>; all three go out over OTLP when
/// <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> is set. The SDK itself reads the other <c>OTEL_*</c> variables (name, instance, protocol, headers).
/// </summary>
internal static class TelemetryExtensions
{
    private const string ProjectSources = "ResilientShop.*";
    // Without the client's own span, that of the HTTP request below it would have a parent that nobody sent.
    private const string GrpcClientSource = "Grpc.Net.Client";
    private const string GrpcCall = "Grpc.Net.Client.GrpcOut";

    private const string ProxySource = "Yarp.ReverseProxy";

    private const string PrometheusQuery = "/api/v1/query";

    public static void AddTelemetry(this WebApplicationBuilder builder)
    {
        var exports = !string.IsNullOrWhiteSpace(builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"]);
        var telemetry = builder.Services.AddOpenTelemetry().WithMetrics(AddMetrics);
        if (!exports)
        {
            return;
        }

        builder.Logging.AddOpenTelemetry(logs =>
        {
            logs.IncludeFormattedMessage = true;
            logs.IncludeScopes = true;
        });
        telemetry.WithTracing(AddTraces).UseOtlpExporter();
    }

    private static void AddMetrics(MeterProviderBuilder metrics) => metrics
        .AddAspNetCoreInstrumentation()
        .AddHttpClientInstrumentation()
        .AddRuntimeInstrumentation()
        .AddMeter("Npgsql", ProjectSources)
        .AddPrometheusExporter();

    private static void AddTraces(TracerProviderBuilder traces) => traces
        .SetSampler(new ParentBasedSampler(new RequestsNotProbes()))
        .AddSource(ProjectSources, ProxySource, GrpcClientSource)
        .AddAspNetCoreInstrumentation(options => options.Filter = context => !IsProbe(context.Request.Path))
        .AddHttpClientInstrumentation(options => options.FilterHttpRequestMessage = request => !IsProbe(request.RequestUri?.AbsolutePath))
        .AddNpgsql();

    private static bool IsProbe(PathString path) => IsProbe(path.Value);

    /// <summary>What is asked again and again by those who watch, each a trace about nothing.</summary>
    private static bool IsProbe(string? path) =>
        path?.TrimEnd('/') is "/health" or "/alive" or "/metrics" or "/resilience/degradation" or "/api/degradation" || path?.EndsWith(PrometheusQuery, StringComparison.Ordinal) == true;

    /// <summary>
    /// A proxy's rounds of probes, and the calls that keep a lease in etcd alive, would be traces of their own, thousands a day, about nothing. A gRPC call that is
    /// made for something has a span above it, and the sampler of that decides.
    /// </summary>
    private sealed class RequestsNotProbes : Sampler
    {
        public override SamplingResult ShouldSample(in SamplingParameters samplingParameters) =>
            new(samplingParameters.Name is "proxy.cluster_health_checks" or GrpcCall ? SamplingDecision.Drop : SamplingDecision.RecordAndSample);
    }
}
