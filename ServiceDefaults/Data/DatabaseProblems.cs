using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace ResilientShop.ServiceDefaults.Data;

/// <summary>A database that is away or too busy is 503, which a retry may cure, not 500, which none may.</summary>
internal sealed partial class DatabaseProblems(IProblemDetailsService problems, ILogger<DatabaseProblems> logger) : IExceptionHandler
{
    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        if (exception is not NpgsqlException unavailable || !IsPassing(unavailable))
        {
            return false;
        }

        LogUnavailable(logger, httpContext.Request.Method, httpContext.Request.Path, unavailable.SqlState ?? "no connection", unavailable);
        httpContext.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        return await problems.TryWriteAsync(new ProblemDetailsContext
        {
            HttpContext = httpContext,
            ProblemDetails = new ProblemDetails
            {
                Status = StatusCodes.Status503ServiceUnavailable,
                Detail = "The service's database cannot be asked now; try again.",
            },
        });
    }

    /// <summary>Npgsql's own list leaves out a server that ends sessions because it stops or has crashed.</summary>
    private static bool IsPassing(NpgsqlException exception) =>
        exception.IsTransient || exception is PostgresException { SqlState: PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown };

    [LoggerMessage(LogLevel.Warning, "{Method} {Path} failed because the database cannot be asked ({Reason})")]
    private static partial void LogUnavailable(ILogger logger, string method, string path, string reason, Exception exception);
}
