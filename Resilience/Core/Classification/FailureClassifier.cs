using System.Collections.Frozen;
using System.Globalization;

namespace ResilientShop.Resilience;

/// <summary>
/// The one place that decides what a failure means. Three kinds of signal are asked in this order: gRPC status, HTTP status (and exceptions of the
/// connection), business code. What none of them knows is final. Immutable, thread-safe; asking allocates nothing.
/// </summary>
public sealed class FailureClassifier
{
    private const int FirstStatus = 100;
    private const int ServiceUnavailable = 503;
    private static readonly string[] HttpReasons =
        [.. Enumerable.Range(FirstStatus, 500).Select(status => string.Create(CultureInfo.InvariantCulture, $"http_{status}"))];

    private readonly bool[] _http = new bool[HttpReasons.Length];
    private readonly bool[] _grpc = new bool[GrpcCode.Count];
    private readonly FrozenDictionary<string, string> _codes;

    /// <summary>A classifier for <paramref name="signals"/>.</summary>
    /// <exception cref="PolicyInvalidException">A set names what does not exist, or what must never be retried.</exception>
    public FailureClassifier(RetrySignals signals)
    {
        ArgumentNullException.ThrowIfNull(signals);
        PolicyErrors.ThrowIfAny(signals.Validate);
        foreach (var status in signals.Http)
        {
            _http[status - FirstStatus] = true;
        }

        foreach (var name in signals.Grpc)
        {
            _grpc[GrpcCode.Parse(name)] = true;
        }

        // Its own spelling is the label, so that an answer cannot invent labels.
        _codes = signals.Codes.Distinct(StringComparer.Ordinal).ToFrozenDictionary(code => code, StringComparer.Ordinal);
    }

    /// <summary>Judges an HTTP answer.</summary>
    /// <param name="status">HTTP status.</param>
    /// <param name="code">The <c>code</c> of its problem details, or null.</param>
    public Verdict OfHttpStatus(int status, string? code = null)
    {
        if (status is >= 200 and < 400)
        {
            return Verdict.Success;
        }

        if (status == ServiceUnavailable && Refusal(code) is { } refusal)
        {
            return refusal;
        }

        var reason = HttpReasons[Math.Clamp(status - FirstStatus, 0, HttpReasons.Length - 1)];
        if (RetrySignals.NeverHttp.AsSpan().Contains(status))
        {
            return new Verdict(AttemptOutcome.Permanent, reason);
        }

        var known = code is not null && _codes.TryGetValue(code, out var name) ? name : null;
        var isTransient = known is not null || ((uint)(status - FirstStatus) < (uint)_http.Length && _http[status - FirstStatus]);
        return new Verdict(isTransient ? AttemptOutcome.Transient : AttemptOutcome.Permanent, known ?? reason)
        {
            // A dependency that answers with a code is alive and means what it says. 429 is a caller's fault, not its own.
            IsDependencyFault = known is null && status >= 500,
        };
    }

    /// <summary>Judges a gRPC status.</summary>
    /// <param name="status">Number of the gRPC status.</param>
    /// <param name="code">A business code that came with it, or null.</param>
    /// <param name="transport">What the client's connection threw when the status is the client's own and not the server's answer, or null.</param>
    public Verdict OfGrpcStatus(int status, string? code = null, Exception? transport = null)
    {
        if (status == GrpcCode.Ok)
        {
            return Verdict.Success;
        }

        if (status == GrpcCode.Unavailable && Refusal(code) is { } refusal)
        {
            return refusal;
        }

        var reason = GrpcCode.NameOf(status);
        if (RetrySignals.NeverGrpc.AsSpan().Contains(reason))
        {
            return new Verdict(AttemptOutcome.Permanent, reason);
        }

        var isListed = (uint)status < (uint)_grpc.Length && _grpc[status];
        if (isListed && transport is not null && ConnectionFailure.Judge(transport) is { IsTransient: true } onTheWay)
        {
            return onTheWay;
        }

        var known = code is not null && _codes.TryGetValue(code, out var name) ? name : null;
        return new Verdict(isListed || known is not null ? AttemptOutcome.Transient : AttemptOutcome.Permanent, known ?? reason)
        {
            IsDependencyFault = known is null && status is (GrpcCode.Unavailable or GrpcCode.DeadlineExceeded or GrpcCode.Internal),
        };
    }

    /// <summary>
    /// The verdict on a broken service that refuses, which is the same a moment later: a retry would only be one more request that it must turn away. A policy that lists the
    /// code retries all the same.
    /// </summary>
    private Verdict? Refusal(string? code) => code != ServiceDegradation.RefusalCode
        ? null
        : new Verdict(_codes.ContainsKey(code) ? AttemptOutcome.Transient : AttemptOutcome.Permanent, ServiceDegradation.RefusalCode) { IsRefusal = true };

    /// <summary>Judges a business code that came without a protocol's status.</summary>
    public Verdict OfCode(string code)
    {
        ArgumentNullException.ThrowIfNull(code);
        return _codes.TryGetValue(code, out var known) ? new Verdict(AttemptOutcome.Transient, known) : new Verdict(AttemptOutcome.Permanent, "code");
    }

    /// <summary>Judges an exception of the connection or of an attempt's timeout; any other is final.</summary>
    public Verdict OfException(Exception exception)
    {
        ArgumentNullException.ThrowIfNull(exception);
        if (exception is not HttpRequestException { StatusCode: { } status })
        {
            return ConnectionFailure.Judge(exception);
        }

        // EnsureSuccessStatusCode throws for redirects as well. A failure whose status is no failure is final; it must not pass for a success.
        var verdict = OfHttpStatus((int)status);
        return verdict.Outcome == AttemptOutcome.Success ? new Verdict(AttemptOutcome.Permanent, HttpReasons[(int)status - FirstStatus]) : verdict;
    }
}
