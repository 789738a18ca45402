using System.Text.Json;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Mvc;

namespace ResilientShop.ServiceDefaults.Problems;

/// <summary>Turns what the framework throws about a request it cannot read into problem details that say where it stopped reading.</summary>
internal sealed class BadRequestProblems(IProblemDetailsService problems) : IExceptionHandler
{
    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        if (exception is not BadHttpRequestException badRequest)
        {
            return false;
        }

        httpContext.Response.StatusCode = badRequest.StatusCode;
        return await problems.TryWriteAsync(new ProblemDetailsContext
        {
            HttpContext = httpContext,
            ProblemDetails = Describe(badRequest, httpContext.Request),
        });
    }

    private static ProblemDetails Describe(BadHttpRequestException exception, HttpRequest request)
    {
        var problem = new ProblemDetails { Status = exception.StatusCode };
        switch (exception)
        {
            case { StatusCode: StatusCodes.Status413PayloadTooLarge }:
                problem.Detail = "The body is larger than this service reads.";
                break;
            case { StatusCode: StatusCodes.Status415UnsupportedMediaType }:
                problem.Detail = $"The content type is '{request.ContentType}'; send application/json.";
                break;
            case { InnerException: JsonException json }:
                DescribeJson(problem, json);
                break;
            default:
                problem.Detail = HasBody(request) ? exception.Message : "The body is empty; send JSON.";
                problem.Extensions[ProblemResults.CodeMember] = StatusCodeNames.MalformedBody;
                break;
        }

        return problem;
    }

    private static bool HasBody(HttpRequest request) =>
        request.HttpContext.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody != false;

    private static void DescribeJson(ProblemDetails problem, JsonException exception)
    {
        var path = string.IsNullOrEmpty(exception.Path) ? "$" : exception.Path;
        problem.Detail = $"The body is not JSON of the expected shape, at {path}: {Reason(exception)}";
        problem.Extensions[ProblemResults.CodeMember] = StatusCodeNames.MalformedBody;
        problem.Extensions["path"] = path;
        if (exception is { LineNumber: { } line, BytePositionInLine: { } position })
        {
            // People and editors count lines from one.
            problem.Extensions["line"] = line + 1;
            problem.Extensions["position"] = position + 1;
        }
    }

    /// <summary>The serializer's sentence without the position, which has members of its own, and without names of our types.</summary>
    private static string Reason(JsonException exception)
    {
        var sentence = exception.InnerException is InvalidOperationException or FormatException ? exception.InnerException.Message : exception.Message;
        var end = sentence.IndexOf(" Path: ", StringComparison.Ordinal);
        sentence = end < 0 ? sentence : sentence[..end];
        if (sentence.StartsWith("Duplicate property", StringComparison.Ordinal))
        {
            return "the member is there twice.";
        }

        return sentence.StartsWith("The JSON value could not be converted", StringComparison.Ordinal) ? "the value has the wrong type." : sentence;
    }
}
