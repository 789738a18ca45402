using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace ResilientShop.ServiceDefaults.Health;

/// <summary>The JSON body of a health endpoint. Exceptions stay out of it: their messages may name hosts and users.</summary>
internal static class HealthReportBody
{
    public static Task WriteAsync(HttpContext context, HealthReport report)
    {
        var body = new Body(
            report.Status.ToString(),
            report.Entries.ToDictionary(entry => entry.Key, entry => new Check(entry.Value.Status.ToString(), entry.Value.Description)));
        return context.Response.WriteAsJsonAsync(body, JsonSerializerOptions.Web, context.RequestAborted);
    }

    private sealed record Body(string Status, IReadOnlyDictionary<string, Check> Checks);

    private sealed record Check(string Status, string? Description);
}
