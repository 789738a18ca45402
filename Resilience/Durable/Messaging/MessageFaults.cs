using System.Data;
using Confluent.Kafka;
using Npgsql;

namespace ResilientShop.Resilience.Durable.Messaging;

/// <summary>Tells a message that cannot be handled from a day on which none can.</summary>
internal static class MessageFaults
{
    /// <summary>
    /// Whether what a handler threw may be the message's fault. A database or a broker that is away, a connection that broke meanwhile and the end
    /// of the process are not, wherever in the chain of exceptions they stand.
    /// </summary>
    public static bool IsFault(Exception exception, NpgsqlConnection connection, CancellationToken stopping) =>
        !stopping.IsCancellationRequested && connection.State == ConnectionState.Open && !Chain(exception).Any(IsPassing);

    /// <summary>The code of a letter for it.</summary>
    public static string CodeOf(Exception exception) =>
        Chain(exception).Any(one => one is PostgresException) ? DeadLetterCodes.DatabaseRefused : DeadLetterCodes.HandlerFailed;

    private static bool IsPassing(Exception exception) =>
        exception is KafkaException || (exception is NpgsqlException database && database.IsPassing());

    private static IEnumerable<Exception> Chain(Exception exception)
    {
        for (Exception? one = exception; one is not null; one = one.InnerException)
        {
            yield return one;
        }
    }
}
