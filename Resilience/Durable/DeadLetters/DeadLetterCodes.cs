namespace ResilientShop.Resilience.Durable;

/// <summary>Values of <see cref="DeadLetter.ErrorCode"/> that this library gives; services add their own.</summary>
public static class DeadLetterCodes
{
    /// <summary>The payload cannot be decoded, now or ever.</summary>
    public const string MalformedMessage = "MALFORMED_MESSAGE";

    /// <summary>The handler failed for this message as often as it may.</summary>
    public const string HandlerFailed = "HANDLER_FAILED";

    /// <summary>The same, and what failed was a statement that the database refused, for example for a constraint.</summary>
    public const string DatabaseRefused = "DATABASE_REFUSED";

    /// <summary>A step of a saga failed and gave no code of its own.</summary>
    public const string StepFailed = "STEP_FAILED";
}
