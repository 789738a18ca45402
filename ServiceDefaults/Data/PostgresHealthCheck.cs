using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;

namespace ResilientShop.ServiceDefaults.Data;

/// <summary>Healthy when the database answers a query within two seconds.</summary>
internal sealed class PostgresHealthCheck(NpgsqlDataSource database, TimeProvider time) : IHealthCheck
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        using var patience = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, patience.Token);
        try
        {
            await using var command = database.CreateCommand("SELECT 1");
            await command.ExecuteScalarAsync(either.Token);
            return HealthCheckResult.Healthy();
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return HealthCheckResult.Unhealthy($"The database did not answer within {Patience.TotalSeconds:0} s.");
        }
        catch (NpgsqlException exception)
        {
            var reason = exception.SqlState is { } state ? $"SQLSTATE {state}" : "no connection";
            return HealthCheckResult.Unhealthy($"The database cannot be asked: {reason}.", exception);
        }
    }
}
