using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;

namespace ResilientShop.Resilience.Testing;

/// <summary>
/// A dependency that answers as its script says and records every attempt. Use it as the primary handler of the client under test. Each
/// entry of the script is what the next attempt meets; the methods below them change the last entry. After the last entry every attempt is
/// answered 200 OK, unless <see cref="Forever"/> or <see cref="AndNoMore"/> says otherwise.
/// </summary>
/// <remarks>
/// Whether an attempt <em>acts</em> is what the server did with it, whatever the caller learned: answers below 400 act, refusals do not, and a
/// fault acts when the request had left. Acting happens when the time of <see cref="After"/> has passed, so a caller that gives up earlier prevents
/// it.
/// Thread-safe, and still readable once disposed.
/// </remarks>
public sealed class ScriptedDependency : HttpMessageHandler, IScripted
{
    private readonly Script<Func<HttpRequestMessage, HttpResponseMessage>> _script;

    /// <summary>A dependency with an empty script.</summary>
    /// <param name="time">The clock of durations and of the record; the system's when null.</param>
    public ScriptedDependency(TimeProvider? time = null) =>
        _script = new(time ?? TimeProvider.System, EntryOf(HttpStatusCode.OK, _ => new HttpResponseMessage(HttpStatusCode.OK)));

    /// <inheritdoc/>
    public IReadOnlyList<RecordedAttempt> Attempts => _script.Attempts;

    /// <inheritdoc/>
    public int Effects => _script.Effects;

    /// <summary>The next attempt is answered with a status.</summary>
    /// <param name="status">The status.</param>
    /// <param name="retryAfter">Value of <c>Retry-After</c>, sent as whole seconds, rounded up; no header when null.</param>
    /// <param name="code">Makes the body a problem (RFC 9457) with this member <c>code</c>.</param>
    /// <param name="body">The body as text; not together with <paramref name="code"/>.</param>
    /// <exception cref="ArgumentException">Both a code and a body are given.</exception>
    public ScriptedDependency Answer(HttpStatusCode status, TimeSpan? retryAfter = null, string? code = null, string? body = null)
    {
        if (code is not null && body is not null)
        {
            throw new ArgumentException("The body is either the problem with that code or the text.", nameof(body));
        }

        return Add(EntryOf(status, _ => ResponseOf(status, retryAfter, code, body)));
    }

    /// <inheritdoc cref="Answer(HttpStatusCode, TimeSpan?, string?, string?)"/>
    public ScriptedDependency Answer(int status, TimeSpan? retryAfter = null, string? code = null, string? body = null) =>
        Answer((HttpStatusCode)status, retryAfter, code, body);

    /// <summary>The next attempt is answered with what a function makes of its request. Acts.</summary>
    /// <param name="answer">Makes a new response each time; what it throws, the caller gets.</param>
    public ScriptedDependency Answer(Func<HttpRequestMessage, HttpResponseMessage> answer)
    {
        ArgumentNullException.ThrowIfNull(answer);
        return Add(new("custom answer") { Reply = answer, Acts = true });
    }

    /// <summary>The next attempt throws. Does not act.</summary>
    public ScriptedDependency Throw(Exception error)
    {
        ArgumentNullException.ThrowIfNull(error);
        return Add(new(Timeline.Describe(error)) { Error = () => error });
    }

    /// <summary>The next attempt fails as a connection does.</summary>
    public ScriptedDependency Fail(Fault fault)
    {
        var leaves = Faults.RequestLeaves(fault);
        _ = Faults.ToException(fault);
        return Add(new(fault.ToString()) { Error = () => Faults.ToException(fault), Acts = leaves, Leaves = leaves });
    }

    /// <summary>The next attempt gets no answer until the caller gives up. Does not act.</summary>
    public ScriptedDependency Hang() => Add(new("hangs") { Hangs = true });

    /// <summary>The last entry takes so long on the clock before it answers, throws or hangs. A fraction of a millisecond is dropped.</summary>
    public ScriptedDependency After(TimeSpan duration)
    {
        _script.After(duration);
        return this;
    }

    /// <summary>The last entry goes on to another thread before it answers, as a real transport does.</summary>
    public ScriptedDependency Yields()
    {
        _script.Yields();
        return this;
    }

    /// <summary>The last entry is for so many attempts in a row; at least 1.</summary>
    public ScriptedDependency Times(int times)
    {
        _script.Times(times);
        return this;
    }

    /// <summary>
    /// The request of the last entry is carried out, but the caller does not learn it: instead of an answer it gets the exception of
    /// <see cref="Fault.ResponseEnded"/>, or the one the entry has.
    /// </summary>
    /// <exception cref="InvalidOperationException">The last entry is a fault with which the request never leaves.</exception>
    public ScriptedDependency LoseReply()
    {
        _script.LoseReply(() => Faults.ToException(Fault.ResponseEnded));
        return this;
    }

    /// <summary>The last entry is carried out, though it would not be by itself: a server that acts and then answers 500, or hangs.</summary>
    /// <exception cref="InvalidOperationException">The last entry is a fault with which the request never leaves.</exception>
    public ScriptedDependency Acts()
    {
        _script.Acts();
        return this;
    }

    /// <summary>The last entry is not carried out, though it would be by itself.</summary>
    public ScriptedDependency DoesNotAct()
    {
        _script.DoesNotAct();
        return this;
    }

    /// <summary>All further attempts meet the last entry.</summary>
    public ScriptedDependency Forever()
    {
        _script.RepeatLastForever();
        return this;
    }

    /// <summary>A further attempt fails the test: its caller gets a <see cref="ResilienceAssertionException"/>.</summary>
    public ScriptedDependency AndNoMore()
    {
        _script.End();
        return this;
    }

    /// <inheritdoc/>
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        var reply = await _script.PlayAsync(new RecordedRequest(request), ReaderOf(request.Content), cancellationToken).ConfigureAwait(false);
        var response = reply(request);
        response.RequestMessage = request;
        return response;
    }

    // Written out as a transport does it: to read the content would buffer it, and a body that can be sent only once would survive a retry here
    // alone.
    private static Func<CancellationToken, Task<byte[]>>? ReaderOf(HttpContent? content) =>
        content is null ? null : async cancellationToken =>
        {
            using var body = new MemoryStream();
            await content.CopyToAsync(body, cancellationToken).ConfigureAwait(false);
            return body.ToArray();
        };

    private static ScriptEntry<Func<HttpRequestMessage, HttpResponseMessage>> EntryOf(
        HttpStatusCode status, Func<HttpRequestMessage, HttpResponseMessage> reply)
    {
        using var example = new HttpResponseMessage(status);
        var outcome = string.Create(CultureInfo.InvariantCulture, $"{(int)status} {example.ReasonPhrase}");
        return new(outcome) { Reply = reply, Acts = (int)status < 400 };
    }

    private static HttpResponseMessage ResponseOf(HttpStatusCode status, TimeSpan? retryAfter, string? code, string? body)
    {
        var response = new HttpResponseMessage(status);
        if (retryAfter is { } wait)
        {
            response.Headers.RetryAfter = new RetryConditionHeaderValue(TimeSpan.FromSeconds(Math.Ceiling(wait.TotalSeconds)));
        }

        if (code is not null)
        {
            var problem = new { status = (int)status, title = response.ReasonPhrase, code };
            response.Content = JsonContent.Create(problem, new MediaTypeHeaderValue("application/problem+json"));
        }
        else if (body is not null)
        {
            response.Content = new StringContent(body);
        }

        return response;
    }

    private ScriptedDependency Add(ScriptEntry<Func<HttpRequestMessage, HttpResponseMessage>> entry)
    {
        _script.Add(entry);
        return this;
    }
}
