using ResilientShop.Resilience.Policies;

namespace ResilientShop.Resilience;

/// <summary>
/// Which answers of a dependency mean "try again": the sets that <see cref="FailureClassifier"/> asks. They are data, so that a team changes them in a
/// policy and not in code. Immutable, thread-safe.
/// </summary>
public sealed record RetrySignals
{
    /// <summary>gRPC statuses by name. Default UNAVAILABLE and DEADLINE_EXCEEDED.</summary>
    public IReadOnlyList<string> Grpc { get; init; } = ["UNAVAILABLE", "DEADLINE_EXCEEDED"];

    /// <summary>HTTP statuses. Default 408, 429, 502, 503 and 504.</summary>
    public IReadOnlyList<int> Http { get; init; } = [408, 429, 502, 503, 504];

    /// <summary>Values of <c>code</c> in an answer's problem details. Default BUSY, RATE_LIMITED and TRANSIENT_FAILURE.</summary>
    public IReadOnlyList<string> Codes { get; init; } = ["BUSY", "RATE_LIMITED", "TRANSIENT_FAILURE"];

    /// <summary>HTTP statuses that are never worth a retry, whatever a policy or a business code says: the request itself is wrong, or it has acted.</summary>
    internal static readonly int[] NeverHttp = [400, 404, 409];

    /// <summary>gRPC statuses that are never worth a retry.</summary>
    internal static readonly string[] NeverGrpc = ["OK", "CANCELLED", "INVALID_ARGUMENT", "NOT_FOUND", "ALREADY_EXISTS"];

    internal void Validate(PolicyErrors errors)
    {
        foreach (var name in Grpc)
        {
            errors.Require("retry_on.grpc", Shown(name), GrpcCode.Parse(name) >= 0, "must be names of gRPC statuses such as UNAVAILABLE");
            errors.Require("retry_on.grpc", Shown(name), !NeverGrpc.Contains(name), $"must not contain {string.Join(", ", NeverGrpc)}");
        }

        foreach (var status in Http)
        {
            errors.Require("retry_on.http", status, status is >= 400 and <= 599, "must be HTTP statuses from 400 to 599");
            errors.Require("retry_on.http", status, !NeverHttp.Contains(status), $"must not contain {string.Join(", ", NeverHttp)}");
        }

        foreach (var code in Codes)
        {
            errors.Require("retry_on.codes", Shown(code), !string.IsNullOrWhiteSpace(code) && code.Length <= 64, "must be codes of 1 to 64 characters");
        }
    }

    /// <summary>One that would not be seen, or fill the screen, in quotes.</summary>
    private static string Shown(string text) => string.IsNullOrWhiteSpace(text) || text.Length > 60 ? PolicyNode.Quote(text) : text;

    /// <inheritdoc/>
    public bool Equals(RetrySignals? other) =>
        other is not null && Grpc.SequenceEqual(other.Grpc) && Http.SequenceEqual(other.Http) && Codes.SequenceEqual(other.Codes);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Grpc.Count, Http.Count, Codes.Count);
}
