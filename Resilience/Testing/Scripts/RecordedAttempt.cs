namespace ResilientShop.Resilience.Testing;

/// <summary>One attempt, as seen by what was attempted. All times count from the moment the script was made, on its clock. Immutable,
/// thread-safe.</summary>
public sealed record RecordedAttempt
{
    private readonly RecordedRequest? _request;

    internal RecordedAttempt(int number, TimeSpan startedAt, RecordedRequest? request) =>
        (Number, StartedAt, _request) = (number, startedAt, request);

    /// <summary>1 for the first attempt.</summary>
    public int Number { get; }

    /// <summary>When it started.</summary>
    public TimeSpan StartedAt { get; }

    /// <summary>When it ended; null while it is under way.</summary>
    public TimeSpan? EndedAt { get; internal init; }

    /// <summary>How long it took; null while it is under way.</summary>
    public TimeSpan? Took => EndedAt - StartedAt;

    /// <summary>How it ended, for people to read: "503 Service Unavailable", "ConnectionRefused", "cancelled".</summary>
    public string Outcome { get; internal init; } = "under way";

    /// <summary>Whether it was carried out.</summary>
    public bool Acted { get; internal init; }

    /// <summary>Whether the caller gave up before there was an answer.</summary>
    public bool WasCancelled { get; internal init; }

    /// <summary>After how long the caller gave up; null when it did not.</summary>
    public TimeSpan? CancelledAfter => WasCancelled ? Took : null;

    /// <summary>The request of the attempt.</summary>
    /// <exception cref="InvalidOperationException">There is none, because the attempt was at a <see cref="ScriptedOperation{T}"/>.</exception>
    public RecordedRequest Request
    {
        get => _request ?? throw new InvalidOperationException($"Attempt {Number} was at an operation, which has no request.");
        internal init => _request = value;
    }

    internal RecordedRequest? RequestOrNull => _request;
}
