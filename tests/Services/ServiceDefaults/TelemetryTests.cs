using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;

namespace Services.Tests.ServiceDefaults;

public sealed class TelemetryTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Metrics_can_be_scraped_without_a_collector()
    {
        await using var app = await DefaultsApp.StartAsync(DefaultsApp.CreateBuilder());
        await app.Http.GetAsync("/alive", Cancel);

        (await app.Http.GetStringAsync("/metrics", Cancel)).ShouldContain("http_server_request_duration_seconds_bucket");
    }

    [Fact]
    public async Task Traces_metrics_and_logs_go_to_the_collector_and_probes_leave_no_trace()
    {
        var received = new ConcurrentDictionary<string, string>();
        await using var collector = await StubServer.StartAsync(async context =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body, context.RequestAborted);
            var text = Encoding.Latin1.GetString(body.ToArray());
            received.AddOrUpdate(context.Request.Path.Value!, text, (_, before) => before + text);
        });
        var builder = DefaultsApp.CreateBuilder(
            ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.Address.ToString()),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
            ("OTEL_SERVICE_NAME", "things"),
            ("OTEL_RESOURCE_ATTRIBUTES", "service.instance.id=things-1"),
            ("Logging:LogLevel:Things", "Information"));
        var app = await DefaultsApp.StartAsync(builder, app => app.MapGet("/things/{id}", (string id, ILoggerFactory loggers) =>
        {
            loggers.CreateLogger("Things").LogInformation("Looked at {Thing}", id);
            CallOverGrpc("made-for-a-request");
            return id;
        }));

        await app.Http.GetAsync("/health", Cancel);
        await app.Http.GetAsync("/things/lamp", Cancel);
        CallOverGrpc("keeps-a-lease");
        await app.DisposeAsync();

        received["/v1/traces"].ShouldContain("/things/{id}");
        received["/v1/traces"].ShouldContain("things-1");
        received["/v1/traces"].ShouldNotContain("/health");
        received["/v1/traces"].ShouldContain("made-for-a-request");
        received["/v1/traces"].ShouldNotContain("keeps-a-lease");
        received["/v1/metrics"].ShouldContain("http.server.request.duration");
        received["/v1/logs"].ShouldContain("Looked at lamp");
    }

    // The span that Grpc.Net.Client makes of a call.
    private static void CallOverGrpc(string method)
    {
        using var source = new ActivitySource("Grpc.Net.Client");
        using var call = source.StartActivity("Grpc.Net.Client.GrpcOut", ActivityKind.Client);
        call?.SetTag("grpc.method", method);
    }
}
