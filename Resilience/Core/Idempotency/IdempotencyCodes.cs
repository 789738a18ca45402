namespace ResilientShop.Resilience;

/// <summary>
/// Values of the <c>code</c> member in the problem details of idempotent endpoints. They are a wire contract: callers switch on them.
/// </summary>
public static class IdempotencyCodes
{
    /// <summary>400: the key is missing or wrong; <c>errors</c> names the header.</summary>
    public const string ValidationFailed = "VALIDATION_FAILED";

    /// <summary>413: the body is larger than what an idempotent endpoint reads.</summary>
    public const string BodyTooLarge = "BODY_TOO_LARGE";

    /// <summary>422: the key was used before with another request. Repeating does not help; the caller has a defect.</summary>
    public const string KeyReused = "IDEMPOTENCY_KEY_REUSED";

    /// <summary>409: the first request with this key is still under way. Ask again after <c>Retry-After</c>.</summary>
    public const string InProgress = "IDEMPOTENCY_IN_PROGRESS";

    /// <summary>409: the request was carried out before, but its answer was too large to be kept. Read the resource instead.</summary>
    public const string AnswerNotKept = "IDEMPOTENCY_ANSWER_NOT_KEPT";
}
