using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text.Json;

namespace ResilientShop.Resilience.Http;

/// <summary>
/// The answer that stands in for a dependency's when the tiers end a call: 503 or 504, problem details with a <c>code</c>, and <c>Retry-After</c> where it
/// is known. Written for the moment when everything is refused at once: what does not change is made once.
/// </summary>
internal static class RefusalResponse
{
    private const int LongestRetryAfter = 600;

    private static readonly ConcurrentDictionary<(string Dependency, ReleaseChannel Channel, bool Isolated), byte[]> OpenBodies = new();
    private static readonly string?[] Seconds = new string?[LongestRetryAfter + 1];

    public static HttpResponseMessage Create(in Refusal refusal, HttpRequestMessage request)
    {
        var response = new HttpResponseMessage(StatusOf(refusal.Kind)) { RequestMessage = request, Content = new ProblemContent(BodyOf(refusal)) };
        if (refusal.RetryAfter is { } wait)
        {
            response.Headers.TryAddWithoutValidation("Retry-After", InSeconds(wait));
        }

        return response;
    }

    private static HttpStatusCode StatusOf(RefusalKind kind) =>
        kind is RefusalKind.BreakerOpen or RefusalKind.RetryBudgetExhausted ? HttpStatusCode.ServiceUnavailable : HttpStatusCode.GatewayTimeout;

    // Only a breaker refuses by the thousand, and before the first attempt it always says the same; the time to wait is in the header.
    private static byte[] BodyOf(in Refusal refusal) => refusal is { Kind: RefusalKind.BreakerOpen, Attempts: 0 }
        ? OpenBodies.TryGetValue((refusal.Dependency, refusal.Channel, refusal.RetryAfter is null), out var body)
            ? body
            : OpenBodies[(refusal.Dependency, refusal.Channel, refusal.RetryAfter is null)] = Write(
                refusal,
                refusal.RetryAfter is null ? refusal.Describe() : $"The breaker of {refusal.Dependency} ({refusal.Channel.ToName()}) is open; try again after Retry-After.")
        : Write(refusal, refusal.Describe());

    private static byte[] Write(in Refusal refusal, string detail) => JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, object?>
    {
        ["title"] = StatusOf(refusal.Kind) == HttpStatusCode.ServiceUnavailable ? "Service Unavailable" : "Gateway Timeout",
        ["status"] = (int)StatusOf(refusal.Kind),
        ["code"] = refusal.Code,
        ["detail"] = detail,
        ["dependency"] = refusal.Dependency,
        ["attempts"] = refusal.Attempts,
        ["timeLeftMs"] = (int)refusal.TimeLeft.TotalMilliseconds,
        ["lastCause"] = refusal.LastCause,
    });

    private static string InSeconds(TimeSpan wait)
    {
        var seconds = (int)Math.Clamp(Math.Ceiling(wait.TotalSeconds), 1, LongestRetryAfter);
        return Seconds[seconds] ??= seconds.ToString(CultureInfo.InvariantCulture);
    }

    private sealed class ProblemContent : ByteArrayContent
    {
        public ProblemContent(byte[] body)
            : base(body) => Headers.TryAddWithoutValidation("Content-Type", "application/problem+json");
    }
}
