using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.WebUtilities;

namespace ResilientShop.Resilience.Http;

/// <summary>
/// Holds back what a handler writes until its answer is stored; what is too large to be kept goes to a temporary file. Belongs to one request,
/// not thread-safe.
/// </summary>
internal sealed class ResponseCapture : IAsyncDisposable
{
    private readonly HttpContext _context;
    private readonly int _maxBytes;
    private readonly IHttpResponseBodyFeature _real;
    private readonly StreamResponseBodyFeature _held;
    private readonly FileBufferingWriteStream _body;

    /// <summary>Holds the body back from now on.</summary>
    public ResponseCapture(HttpContext context, int maxBytes)
    {
        (_context, _maxBytes) = (context, maxBytes);
        _real = context.Features.GetRequiredFeature<IHttpResponseBodyFeature>();
        _body = new FileBufferingWriteStream(memoryThreshold: maxBytes);
        _held = new StreamResponseBodyFeature(_body);
        context.Features.Set<IHttpResponseBodyFeature>(_held);
    }

    /// <summary>Length of the body, in bytes. Complete once <see cref="EndAsync"/> was called.</summary>
    public long Length => _body.Length;

    /// <summary>Ends the capture: what is written from now on is sent.</summary>
    public async Task EndAsync()
    {
        await _held.CompleteAsync();
        Detach();
    }

    /// <summary>The captured answer, or null when its body is too large to be kept.</summary>
    public async Task<StoredAnswer?> ReadAsync(ISet<string> keptHeaders)
    {
        if (Length > _maxBytes)
        {
            return null;
        }

        var body = new MemoryStream((int)Length);
        await _body.DrainBufferAsync(body, CancellationToken.None);
        var response = _context.Response;
        return new StoredAnswer(response.StatusCode, response.ContentType, body.GetBuffer().AsMemory(0, (int)body.Length), Kept(response.Headers, keptHeaders));
    }

    /// <summary>Sends the body as the handler wrote it, under the status and headers that it set.</summary>
    public async Task SendAsync(CancellationToken cancellationToken)
    {
        if (Length > 0)
        {
            _context.Response.ContentLength ??= Length;
            await _body.DrainBufferAsync(_context.Response.Body, cancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        Detach();
        await _body.DisposeAsync();
    }

    private static KeyValuePair<string, string>[] Kept(IHeaderDictionary headers, ISet<string> names) =>
    [
        .. from name in names
           where headers.ContainsKey(name)
           from value in headers[name]
           where value is not null
           select KeyValuePair.Create(name, value),
    ];

    private void Detach()
    {
        if (ReferenceEquals(_context.Features.Get<IHttpResponseBodyFeature>(), _held))
        {
            _context.Features.Set(_real);
        }
    }
}
