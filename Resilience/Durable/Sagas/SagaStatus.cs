namespace ResilientShop.Resilience.Durable.Sagas;

/// <summary>Where a saga is on its way.</summary>
public enum SagaStatus
{
    /// <summary>Its steps are being executed.</summary>
    Running,

    /// <summary>Its steps are being undone.</summary>
    Compensating,

    /// <summary>A compensation failed so often that a person should look; it is still tried, slowly.</summary>
    Stuck,

    /// <summary>A step after the pivot failed so often that a person should look; it is still tried, slowly.</summary>
    Stalled,

    /// <summary>A step failed as often as it may; the saga waits for its cause to be healed, and turns round when that takes longer than <see cref="ISagaStep.Hold"/>.</summary>
    Held,

    /// <summary>Every step is done. Terminal unless the saga is reopened by a cancellation.</summary>
    Completed,

    /// <summary>Everything that was done is undone. Terminal.</summary>
    Compensated,
}

internal static class SagaStatusNames
{
    public static string ToName(this SagaStatus status) => status switch
    {
        SagaStatus.Running => "running",
        SagaStatus.Compensating => "compensating",
        SagaStatus.Stuck => "stuck",
        SagaStatus.Stalled => "stalled",
        SagaStatus.Held => "held",
        SagaStatus.Completed => "completed",
        SagaStatus.Compensated => "compensated",
        _ => throw new ArgumentOutOfRangeException(nameof(status), status, "Not a saga status."),
    };

    public static SagaStatus Parse(string name) => name switch
    {
        "running" => SagaStatus.Running,
        "compensating" => SagaStatus.Compensating,
        "stuck" => SagaStatus.Stuck,
        "stalled" => SagaStatus.Stalled,
        "held" => SagaStatus.Held,
        "completed" => SagaStatus.Completed,
        "compensated" => SagaStatus.Compensated,
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, "Not a saga status."),
    };
}
