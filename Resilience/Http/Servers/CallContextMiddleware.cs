using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace ResilientShop.Resilience.Http;

/// <summary>
/// Serves each request under the context that its caller sent: calls made for it see the deadline, and work ends when the caller has gone or the time is
/// over. A request whose time was over when it came is refused at once, with 504 (gRPC: DEADLINE_EXCEEDED), before anything is done for it.
/// </summary>
internal sealed partial class CallContextMiddleware(
    RequestDelegate next, DependencyRegistry dependencies, TimeProvider time, ResilienceMetrics metrics, ILogger<CallContextMiddleware> logger, TimeSpan grace)
{
    /// <summary>Code of the refusal, in problem details.</summary>
    public const string Code = "DEADLINE_EXCEEDED";

    private static readonly TimeSpan WarningInterval = TimeSpan.FromMinutes(1);
    private long _nextWarning = long.MinValue;

    public Task InvokeAsync(HttpContext http)
    {
        var context = IncomingContext.Read(http.Request, time, Ignored) with { Policies = dependencies.Current };
        if (context.Deadline is { IsNone: false, HasExpired: true })
        {
            metrics.DeadlineSpent();
            return DeadlineRefusal.WriteAsync(http, "No time was left when the request arrived; nothing was done for it.");
        }

        return context.Deadline.IsNone || IncomingContext.IsGrpc(http.Request) ? ServeAsync(http, context) : ServeUntilDeadlineAsync(http, context);
    }

    /// <summary>Without a deadline, or with one that gRPC itself enforces.</summary>
    private async Task ServeAsync(HttpContext http, CallContext context)
    {
        using var scope = CallContext.Use(context);
        await next(http);
    }

    private async Task ServeUntilDeadlineAsync(HttpContext http, CallContext context)
    {
        using var scope = CallContext.Use(context);
        var caller = http.RequestAborted;
        using var overtime = new CancellationTokenSource(context.Deadline.Remaining + grace, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(caller, overtime.Token);
        http.RequestAborted = either.Token;
        var body = new AnswerBody(http, caller, overtime.Token);
        try
        {
            await next(http);
            if (body.MayBeCut)
            {
                http.Abort();
            }
        }
        catch (OperationCanceledException) when (overtime.IsCancellationRequested && !caller.IsCancellationRequested && !http.Response.HasStarted)
        {
            body.Detach();
            http.RequestAborted = caller;
            await DeadlineRefusal.WriteAsync(http, "The caller's time ran out while the request was served; whether it had an effect is open.");
        }
        finally
        {
            body.Detach();
            http.RequestAborted = caller;
        }
    }

    private void Ignored(string header)
    {
        metrics.HeaderIgnored(header);
        var now = time.GetTimestamp();
        var due = Volatile.Read(ref _nextWarning);
        if (now >= due && Interlocked.CompareExchange(ref _nextWarning, Stamps.Add(now, Stamps.From(WarningInterval, time)), due) == due)
        {
            LogIgnored(logger, header);
        }
    }

    [LoggerMessage(LogLevel.Warning, "Header {Header} had a value that is none and was ignored; resilience.header.ignored.count tells how often, this line comes once a minute")]
    private static partial void LogIgnored(ILogger logger, string header);
}
