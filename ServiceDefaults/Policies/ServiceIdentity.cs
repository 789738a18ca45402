using Microsoft.AspNetCore.Builder;

namespace ResilientShop.ServiceDefaults.Policies;

/// <summary>Who this process is, as its telemetry says it: by <c>OTEL_SERVICE_NAME</c> and <c>service.instance.id</c>.</summary>
internal static class ServiceIdentity
{
    private const string InstanceAttribute = "service.instance.id=";

    public static string NameOf(WebApplicationBuilder builder) =>
        builder.Configuration["OTEL_SERVICE_NAME"] is { Length: > 0 } name ? name : builder.Environment.ApplicationName.Split('.')[^1].ToLowerInvariant();

    public static string InstanceOf(WebApplicationBuilder builder) =>
        (builder.Configuration["OTEL_RESOURCE_ATTRIBUTES"] ?? "").Split(',', StringSplitOptions.TrimEntries)
            .Where(attribute => attribute.StartsWith(InstanceAttribute, StringComparison.Ordinal))
            .Select(attribute => attribute[InstanceAttribute.Length..])
            .FirstOrDefault() ?? FormattableString.Invariant($"{Environment.MachineName}-{Environment.ProcessId}");
}
