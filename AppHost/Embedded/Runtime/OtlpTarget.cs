namespace AppHost.Embedded.Runtime;

/// <summary>Where telemetry goes (OTLP over gRPC) and the key that proves it is ours.</summary>
internal sealed record OtlpTarget(string Endpoint, string ApiKey);

/// <summary>A resource that takes telemetry.</summary>
internal interface IOtlpReceiver
{
    OtlpTarget? Target { get; }
}
