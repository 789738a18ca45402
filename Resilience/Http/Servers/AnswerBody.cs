using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace ResilientShop.Resilience.Http;

/// <summary>
/// Body of an answer whose request can be cancelled by its deadline. ASP.NET Core takes a cancelled request for a caller who has gone, and passes over a
/// write that was given up for it in silence; here the caller can still be there, and would take half an answer for a whole one. So what an endpoint
/// writes is sent, late or not, as long as its caller is there, and an answer that may have been cut ends as broken. Belongs to one request, not
/// thread-safe.
/// </summary>
internal sealed class AnswerBody : IHttpResponseBodyFeature
{
    private readonly HttpContext _http;
    private readonly IHttpResponseBodyFeature _real;
    private readonly CancellationToken _caller;
    private readonly CancellationToken _overtime;
    private AnswerWriter? _writer;
    private AnswerStream? _stream;
    private bool _hasBegun;
    private bool _hasBegunInTime;
    private bool _hasEnded;
    private bool _isUnsent;

    /// <param name="http">The request; its body is this one from now on.</param>
    /// <param name="caller">Fires when the caller has gone.</param>
    /// <param name="overtime">Fires when the time of the request is over.</param>
    public AnswerBody(HttpContext http, CancellationToken caller, CancellationToken overtime)
    {
        (_http, _caller, _overtime) = (http, caller, overtime);
        _real = http.Features.GetRequiredFeature<IHttpResponseBodyFeature>();
        http.Features.Set<IHttpResponseBodyFeature>(this);
    }

    /// <summary>
    /// Whether the endpoint may have stopped in the middle of its answer: its time ran out after the first byte, or it left bytes that it did not send.
    /// An answer with an announced length needs no judgement; the server knows when it is whole.
    /// </summary>
    public bool MayBeCut =>
        _overtime.IsCancellationRequested && !_caller.IsCancellationRequested && !_hasEnded && _http.Response.ContentLength is null && (_hasBegunInTime || _isUnsent);

    /// <inheritdoc/>
    public Stream Stream => _stream ??= new AnswerStream(this, _real.Stream);

    /// <inheritdoc/>
    public PipeWriter Writer => _writer ??= new AnswerWriter(this, _real.Writer);

    /// <summary>Gives the body back to the server.</summary>
    public void Detach()
    {
        if (ReferenceEquals(_http.Features.Get<IHttpResponseBodyFeature>(), this))
        {
            _http.Features.Set(_real);
        }
    }

    /// <inheritdoc/>
    public void DisableBuffering() => _real.DisableBuffering();

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken = default) => _real.StartAsync(OfCaller(cancellationToken));

    /// <inheritdoc/>
    public Task SendFileAsync(string path, long offset, long? count, CancellationToken cancellationToken = default)
    {
        Begin();
        return _real.SendFileAsync(path, offset, count, OfCaller(cancellationToken));
    }

    /// <inheritdoc/>
    public Task CompleteAsync()
    {
        _hasEnded = true;
        return _real.CompleteAsync();
    }

    /// <summary>Notes that the endpoint writes.</summary>
    internal void Begin()
    {
        if (!_hasBegun)
        {
            (_hasBegun, _hasBegunInTime) = (true, !_overtime.IsCancellationRequested);
        }
    }

    /// <summary>Notes that the endpoint has bytes to be sent.</summary>
    internal void Hold()
    {
        Begin();
        _isUnsent = true;
    }

    /// <summary>Notes that all bytes were sent.</summary>
    internal void Sent() => _isUnsent = false;

    /// <summary>Notes that the endpoint ended the body itself.</summary>
    internal void End() => _hasEnded = true;

    /// <summary>The token under which bytes are sent: that of the caller, where the one given stands for the request.</summary>
    internal CancellationToken OfCaller(CancellationToken cancellationToken) => cancellationToken == _http.RequestAborted ? _caller : cancellationToken;
}
