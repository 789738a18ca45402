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
        "completed" => SagaStatus.Completed,
        "compensated" => SagaStatus.Compensated,
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, "Not a saga status."),
    };
}
