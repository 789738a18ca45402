using Microsoft.Extensions.Logging;

namespace ResilientShop.Resilience.Durable.Sagas;

/// <summary>What <see cref="SagaCoordinator"/> says.</summary>
internal static partial class SagaCoordinatorLog
{
    [LoggerMessage(Level = LogLevel.Warning, Message = "Sagas cannot be looked after at the moment; what is stored goes on later: {Reason}")]
    public static partial void Away(this ILogger logger, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "Sagas are looked after again")]
    public static partial void Back(this ILogger logger);

    [LoggerMessage(Level = LogLevel.Information, Message = "Saga {Saga} {Id} is handed over: this instance stops")]
    public static partial void HandedOver(this ILogger logger, string saga, Guid id);

    [LoggerMessage(Level = LogLevel.Error, Message = "Saga {Saga} {Id} could not be driven on; it resumes from its last write when its lease has run out")]
    public static partial void Abandoned(this ILogger logger, Exception exception, string saga, Guid id);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Leases were not released and run out in {Seconds} s: {Reason}")]
    public static partial void NotReleased(this ILogger logger, double seconds, string reason);
}
