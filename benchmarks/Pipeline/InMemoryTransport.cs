using System.Net;

namespace ResilientShop.Benchmarks.Pipeline;

/// <summary>Answers without a network: what is measured is the pipeline alone.</summary>
/// <param name="failures">So many 503 before each 200.</param>
/// <param name="yields">Completes later, as a network does, instead of at once.</param>
internal sealed class InMemoryTransport(int failures, bool yields) : HttpMessageHandler
{
    private int _calls;

    /// <summary>When set, every answer is a 503.</summary>
    public bool IsDown { get; set; }

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var fails = IsDown || (failures > 0 && _calls++ % (failures + 1) < failures);
        var answer = new HttpResponseMessage(fails ? HttpStatusCode.ServiceUnavailable : HttpStatusCode.OK) { RequestMessage = request };
        return yields ? LaterAsync(answer) : Task.FromResult(answer);
    }

    private static async Task<HttpResponseMessage> LaterAsync(HttpResponseMessage answer)
    {
        await Task.Yield();
        return answer;
    }
}
