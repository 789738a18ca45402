using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using ResilientShop.ServiceDefaults.Problems;

namespace ResilientShop.ServiceDefaults.Operating;

/// <summary>
/// Lets only operators act on a running service: a request must carry the key of the setting <c>Operator:Key</c> in <see cref="KeyHeader"/>, and in
/// <see cref="NameHeader"/> who does it, for the audit. Other services have a key of their own, <c>Operator:ServiceKey</c>. Without either nobody may. Thread-safe.
/// </summary>
internal sealed class OperatorKey(IConfiguration configuration) : IEndpointFilter
{
    public const string Setting = "Operator:Key";
    public const string ServiceSetting = "Operator:ServiceKey";
    public const string KeyHeader = "X-Operator-Key";
    public const string NameHeader = "X-Operator";

    private const int LongestName = 64;

    /// <summary>Who acts. Only behind this filter.</summary>
    public static string NameOf(HttpContext http) => http.Request.Headers[NameHeader].ToString();

    public ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var headers = context.HttpContext.Request.Headers;
        // Services act on each other with a key of their own, which nobody has to know.
        var hash = Hash(headers[KeyHeader].ToString());
        if (!Is(ServiceSetting, hash))
        {
            if (configuration[Setting] is not { Length: > 0 })
            {
                return Refuse(StatusCodes.Status403Forbidden, "FORBIDDEN", "This service takes no orders from operators: start it with the setting Operator__Key.");
            }

            if (!Is(Setting, hash))
            {
                return Refuse(StatusCodes.Status401Unauthorized, "UNAUTHENTICATED", $"Header {KeyHeader} must be the key of the setting Operator__Key.");
            }
        }

        var name = NameOf(context.HttpContext);
        return name.Length is 0 or > LongestName || name.Any(char.IsControl)
            ? new ValueTask<object?>(ProblemResults.ValidationFailed(new Dictionary<string, string[]>
            {
                [NameHeader] = [$"{NameHeader} has {name.Length} characters; it must say in 1 to {LongestName} printable characters who acts."],
            }))
            : next(context);
    }

    private bool Is(string setting, byte[] hash) => configuration[setting] is { Length: > 0 } key && CryptographicOperations.FixedTimeEquals(hash, Hash(key));

    private static ValueTask<object?> Refuse(int status, string code, string detail) => new(ProblemResults.Problem(status, code, detail));

    private static byte[] Hash(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));
}

/// <summary>Endpoints for operators.</summary>
public static class OperatorKeyExtensions
{
    /// <summary>
    /// Lets only operators in: a request must carry the key of the setting <c>Operator:Key</c> in <c>X-Operator-Key</c> and who acts in <c>X-Operator</c>.
    /// Without the setting nobody may.
    /// </summary>
    public static TBuilder RequireOperator<TBuilder>(this TBuilder endpoints)
        where TBuilder : IEndpointConventionBuilder =>
        endpoints.AddEndpointFilter((context, next) => context.HttpContext.RequestServices.GetRequiredService<OperatorKey>().InvokeAsync(context, next));

    /// <summary>Who acts. Only behind <see cref="RequireOperator{TBuilder}"/>.</summary>
    public static string OperatorName(this HttpContext http)
    {
        ArgumentNullException.ThrowIfNull(http);
        return OperatorKey.NameOf(http);
    }

    internal static void AddOperatorKey(this IServiceCollection services) => services.AddSingleton<OperatorKey>();
}
