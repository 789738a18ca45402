using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using static ResilientShop.Resilience.Http.IdempotencyMetrics;

namespace ResilientShop.Resilience.Http;

/// <summary>
/// Carries a request out once a key: claims the key, runs the handler, stores its answer, and only then sends it. So there is no moment at which a
/// caller can have an answer that a repeat would not get, and a reply that is lost on the way loses nothing.
/// </summary>
internal sealed partial class IdempotencyMiddleware(
    RequestDelegate next,
    IIdempotencyStore store,
    IOptions<IdempotencyOptions> options,
    IdempotencyMetrics metrics,
    ILogger<IdempotencyMiddleware> logger)
{
    private const int TooEarly = 425;

    private readonly IdempotencyOptions _options = options.Value;

    public Task InvokeAsync(HttpContext context)
    {
        var endpoint = context.GetEndpoint();
        if (endpoint?.Metadata.GetMetadata<IIdempotencyKeyMetadata>() is not { } metadata)
        {
            return next(context);
        }

        var wrong = IdempotencyKey.Check(context.Request.Headers[ResilienceHeaders.IdempotencyKey], out var key);
        if (key is not null)
        {
            return ServeAsync(context, endpoint, key);
        }

        if (wrong is null && !metadata.IsRequired)
        {
            return next(context);
        }

        metrics.Count(Outcomes.Invalid);
        return IdempotencyProblems.KeyNotValidAsync(context, wrong ?? "is missing; send one key for all attempts at the same thing, for example a UUID.");
    }

    private async Task ServeAsync(HttpContext context, Endpoint endpoint, string key)
    {
        if (await RequestFingerprint.HashAsync(context.Request, _options.MaxRequestBytes, context.RequestAborted) is not { } hash)
        {
            metrics.Count(Outcomes.Invalid);
            await IdempotencyProblems.BodyTooLargeAsync(context, _options.MaxRequestBytes);
            return;
        }

        // Not cancelled when the caller hangs up: a claim that nobody knows of would block the key until the lease ends.
        var id = RequestFingerprint.Identify(context, endpoint, key, _options.Caller);
        switch (await store.BeginAsync(id, hash, _options.Lease, CancellationToken.None))
        {
            case IdempotencyDecision.Started started:
                await StartAsync(context, endpoint, started);
                break;
            case IdempotencyDecision.Completed(var answer):
                metrics.Count(Outcomes.Replayed);
                context.Response.Headers[IdempotencyHeaders.Replayed] = "true";
                await StoredAnswerWriter.SendAsync(context.Response, answer, context.RequestAborted);
                break;
            case IdempotencyDecision.InProgress(var leaseLeft):
                metrics.Count(Outcomes.InProgress);
                await IdempotencyProblems.InProgressAsync(context, leaseLeft < _options.RetryAfter ? leaseLeft : _options.RetryAfter);
                break;
            default:
                metrics.Count(Outcomes.Mismatch);
                await IdempotencyProblems.KeyReusedAsync(context);
                break;
        }
    }

    private async Task StartAsync(HttpContext context, Endpoint endpoint, IdempotencyDecision.Started started)
    {
        metrics.Count(started.TookOver ? Outcomes.TakenOver : Outcomes.Started);
        if (started.TookOver)
        {
            LogTakenOver(endpoint.DisplayName, started.Claim.Id);
        }

        var request = new IdempotentRequest(started);
        context.Features.Set<IIdempotentRequest>(request);
        await using var capture = new ResponseCapture(context, _options.MaxAnswerBytes);
        await RunHandlerAsync(context, capture, started.Claim);
        if (request.Answer is { } committed)
        {
            await StoredAnswerWriter.SendAsync(context.Response, committed, context.RequestAborted);
        }
        else if (IsFinal(context.Response.StatusCode))
        {
            await StoreAndSendAsync(context, capture, started.Claim);
        }
        else
        {
            await AbandonAsync(started.Claim);
            await capture.SendAsync(context.RequestAborted);
        }
    }

    /// <summary>
    /// The handler does not learn that its caller has hung up: an answer is wanted all the more when the reply is lost, and a handler that stops
    /// between two effects is what idempotency is there to prevent.
    /// </summary>
    private async Task RunHandlerAsync(HttpContext context, ResponseCapture capture, IdempotencyClaim claim)
    {
        var aborted = context.RequestAborted;
        context.RequestAborted = CancellationToken.None;
        try
        {
            await next(context);
            await capture.EndAsync();
        }
        catch
        {
            await AbandonAsync(claim);
            throw;
        }
        finally
        {
            context.RequestAborted = aborted;
        }
    }

    private async Task StoreAndSendAsync(HttpContext context, ResponseCapture capture, IdempotencyClaim claim)
    {
        var response = context.Response;
        var answer = await capture.ReadAsync(_options.KeptHeaders);
        if (!await TryCompleteAsync(claim, answer ?? IdempotencyProblems.AnswerNotKept(response.StatusCode, capture.Length, response.Headers.Location)))
        {
            // Whoever took over answers; giving our own answer as well would give the key two.
            response.Clear();
            await IdempotencyProblems.InProgressAsync(context, _options.RetryAfter);
            return;
        }

        await (answer is null ? capture.SendAsync(context.RequestAborted) : StoredAnswerWriter.SendBodyAsync(response, answer, context.RequestAborted));
    }

    /// <returns>False when somebody took the claim over.</returns>
    private async Task<bool> TryCompleteAsync(IdempotencyClaim claim, StoredAnswer answer)
    {
        try
        {
            var stored = await store.CompleteAsync(claim, answer, CancellationToken.None);
            if (!stored)
            {
                metrics.Count(Outcomes.Superseded);
                LogSuperseded(claim.Id);
            }

            return stored;
        }
        catch (Exception exception)
        {
            // The effect is there. A caller who gets the answer does not repeat, one who gets an error does, and would act again.
            LogNotStored(claim.Id, exception);
            return true;
        }
    }

    private async Task AbandonAsync(IdempotencyClaim claim)
    {
        try
        {
            await store.AbandonAsync(claim, CancellationToken.None);
        }
        catch (Exception exception)
        {
            // The lease frees the key; what the handler said or threw matters more.
            LogNotAbandoned(claim.Id, exception);
        }
    }

    /// <summary>
    /// Whether a repeat would get the same: not when the answer only says that it did not work this time, or that the caller must identify
    /// itself.
    /// </summary>
    private static bool IsFinal(int status) => status is < 500 and not (
        StatusCodes.Status401Unauthorized
        or StatusCodes.Status408RequestTimeout
        or TooEarly
        or StatusCodes.Status429TooManyRequests);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Endpoint}: request {Id} ran out of its lease and is carried out again")]
    private partial void LogTakenOver(string? endpoint, Sha256Digest id);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Request {Id} was taken over while its handler ran; the handler is slower than the lease, and its effect may be there twice")]
    private partial void LogSuperseded(Sha256Digest id);

    [LoggerMessage(Level = LogLevel.Error, Message = "The answer to request {Id} could not be stored and is sent nevertheless; a repeat after the lease acts again")]
    private partial void LogNotStored(Sha256Digest id, Exception exception);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The claim of request {Id} could not be abandoned; its key is free when the lease ends")]
    private partial void LogNotAbandoned(Sha256Digest id, Exception exception);
}
