using System.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace ResilientShop.ServiceDefaults.Problems;

/// <summary>Every error of a service is an RFC 9457 body with <c>code</c> and <c>traceId</c>, whoever noticed the error.</summary>
internal static class ProblemsExtensions
{
    public static IServiceCollection AddProblems(this IServiceCollection services)
    {
        services.AddProblemDetails(options => options.CustomizeProblemDetails = Complete);
        services.AddExceptionHandler<BadRequestProblems>();
        return services;
    }

    public static void UseProblems(this WebApplication app)
    {
        app.UseExceptionHandler();

        // Empty 404, 405 and the like, which routing produces, get a body too.
        app.UseStatusCodePages();
    }

    private static void Complete(ProblemDetailsContext context)
    {
        var problem = context.ProblemDetails;
        var status = problem.Status ?? context.HttpContext.Response.StatusCode;
        problem.Extensions.TryAdd(ProblemResults.CodeMember, StatusCodeNames.For(status));
        problem.Extensions["traceId"] = Activity.Current?.TraceId.ToHexString() ?? context.HttpContext.TraceIdentifier;
        problem.Detail ??= Describe(status, context.HttpContext.Request);
    }

    private static string? Describe(int status, HttpRequest request) => status switch
    {
        StatusCodes.Status404NotFound => $"There is nothing at {request.Path}.",
        StatusCodes.Status405MethodNotAllowed => $"{request.Path} does not answer {request.Method}; the Allow header names what it answers.",
        StatusCodes.Status413PayloadTooLarge => "The body is larger than this service reads.",
        StatusCodes.Status415UnsupportedMediaType => $"The content type is '{request.ContentType}'; send application/json.",
        StatusCodes.Status500InternalServerError => "The service failed to handle the request. The trace tells why.",
        _ => null,
    };
}
