using System.Net.Sockets;
using Npgsql;

namespace ResilientShop.Resilience.Durable;

/// <summary>Tells an absent database from a statement that is wrong.</summary>
internal static class DatabaseErrors
{
    /// <summary>
    /// Whether the same statement may work a moment later. Besides what the driver calls transient these are the server's own reasons to end a
    /// session (SQLSTATE 57P01 to 57P05), which a restart or a failover gives to statements that are perfectly fine.
    /// </summary>
    public static bool IsPassing(this NpgsqlException exception) =>
        exception.IsTransient
        || exception.SqlState?.StartsWith("57P", StringComparison.Ordinal) == true
        || (exception is not PostgresException && exception.InnerException is SocketException or IOException or TimeoutException);
}
