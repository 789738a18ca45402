using System.Net;
using System.Text.Json;

namespace Services.Tests;

/// <summary>A problem details answer, read strictly: media type, status in the body, code and trace id must all be there.</summary>
internal sealed record Problem(HttpStatusCode Status, string Code, string? Detail, JsonElement Body)
{
    public static async Task<Problem> ReadAsync(HttpResponseMessage response)
    {
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        response.Content.Headers.ContentType?.MediaType.ShouldBe("application/problem+json", $"{(int)response.StatusCode} {text}");
        var body = JsonDocument.Parse(text).RootElement;
        body.GetProperty("status").GetInt32().ShouldBe((int)response.StatusCode);
        body.GetProperty("traceId").GetString().ShouldNotBeNullOrEmpty();
        return new Problem(
            response.StatusCode,
            body.GetProperty("code").GetString()!,
            body.TryGetProperty("detail", out var detail) ? detail.GetString() : null,
            body);
    }

    /// <summary>What is wrong with <paramref name="field"/>.</summary>
    public string Error(string field) => Body.GetProperty("errors").GetProperty(field)[0].GetString()!;
}
