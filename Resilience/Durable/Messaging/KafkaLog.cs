using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace ResilientShop.Resilience.Durable.Messaging;

/// <summary>
/// The client library reports every failed connection of every broker, over and over while a broker is away. Here that is detail;
/// who uses the client says once what is lost.
/// </summary>
internal static partial class KafkaLog
{
    public static void Write(ILogger logger, LogMessage message) => LogDetail(logger, message.Facility, message.Message);

    public static void Write(ILogger logger, Error error)
    {
        if (error.IsFatal)
        {
            LogFatal(logger, error.Code, error.Reason);
        }
        else
        {
            LogError(logger, error.Code, error.Reason);
        }
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "Kafka client: {Facility} {Text}")]
    private static partial void LogDetail(ILogger logger, string facility, string text);

    [LoggerMessage(Level = LogLevel.Debug, Message = "Kafka client error {Code}: {Reason}")]
    private static partial void LogError(ILogger logger, ErrorCode code, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Kafka client cannot go on and is made anew: {Code}: {Reason}")]
    private static partial void LogFatal(ILogger logger, ErrorCode code, string reason);
}
