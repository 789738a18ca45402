using Grpc.Core;
using Grpc.Core.Interceptors;
using Npgsql;

namespace ResilientShop.Inventory.Reservations;

/// <summary>
/// A database that is away or too busy is UNAVAILABLE to callers, which a retry may cure; without this it would be UNKNOWN, which none may retry.
/// Safe for every operation here, because each is idempotent.
/// </summary>
internal sealed partial class DatabaseErrorInterceptor(ILogger<DatabaseErrorInterceptor> logger) : Interceptor
{
    public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            return await continuation(request, context);
        }
        catch (NpgsqlException exception) when (exception.IsTransient)
        {
            LogUnavailable(logger, context.Method, exception.SqlState ?? "no connection", exception);
            throw new RpcException(new Status(StatusCode.Unavailable, "The inventory database cannot be asked now; try again.", exception));
        }
    }

    [LoggerMessage(LogLevel.Warning, "{Method} failed because the database cannot be asked ({Reason})")]
    private static partial void LogUnavailable(ILogger logger, string method, string reason, Exception exception);
}
