namespace Replay.Shop;

/// <summary>
/// The last answer to a call, after its retries. <paramref name="Status"/> is the HTTP status, or 0 when no answer came;
/// <paramref name="Failure"/> says in words what went wrong when <paramref name="Body"/> is null.
/// </summary>
internal sealed record ShopAnswer<T>(int Status, T? Body, ProblemBody? Problem, string? Failure)
    where T : class
{
    /// <summary>One line for people: status, code and detail, or the failure.</summary>
    public override string ToString() => (Status, Problem) switch
    {
        (0, _) => Failure ?? "no answer",
        (_, { } problem) => $"{Status} {problem.Code} {problem.Detail ?? problem.Title}".TrimEnd(),
        _ => $"{Status} {Failure}".TrimEnd(),
    };
}
