using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace ResilientShop.ServiceDefaults.Problems;

/// <summary>Endpoint results that are RFC 9457 problem details with a <c>code</c> to switch on.</summary>
public static class ProblemResults
{
    /// <summary>Name of the extension member that callers switch on.</summary>
    public const string CodeMember = "code";

    /// <summary>Name of the extension member that maps a field to what is wrong with it.</summary>
    public const string ErrorsMember = "errors";

    /// <summary>A problem.</summary>
    /// <param name="status">HTTP status.</param>
    /// <param name="code">Stable code, upper case with underscores.</param>
    /// <param name="detail">What happened, to what, and what to do.</param>
    /// <param name="members">Further members of the body, for example the order's id.</param>
    public static ProblemHttpResult Problem(int status, string code, string detail, params ReadOnlySpan<KeyValuePair<string, object?>> members)
    {
        var extensions = new Dictionary<string, object?>(StringComparer.Ordinal) { [CodeMember] = code };
        foreach (var (name, value) in members)
        {
            extensions[name] = value;
        }

        return TypedResults.Problem(detail, statusCode: status, extensions: extensions);
    }

    /// <summary>400 <c>VALIDATION_FAILED</c> with every wrong field in <c>errors</c>.</summary>
    /// <param name="errors">Field, for example <c>lines[3].quantity</c>, to the sentences that say what is wrong and what would be right.</param>
    public static ProblemHttpResult ValidationFailed(IReadOnlyDictionary<string, string[]> errors)
    {
        ArgumentNullException.ThrowIfNull(errors);
        var detail = errors.Count == 1 ? "One field is not valid." : $"{errors.Count} fields are not valid.";
        return Problem(StatusCodes.Status400BadRequest, StatusCodeNames.ValidationFailed, detail, new KeyValuePair<string, object?>(ErrorsMember, errors));
    }

    /// <summary>404 <c>NOT_FOUND</c>.</summary>
    /// <param name="detail">What was looked for.</param>
    public static ProblemHttpResult NotFound(string detail) =>
        Problem(StatusCodes.Status404NotFound, StatusCodeNames.For(StatusCodes.Status404NotFound), detail);
}
