using Npgsql;

namespace Services.Tests.Operations;

/// <summary>Waits for what others write.</summary>
internal static class DatabaseWaits
{
    /// <summary>Until the statement answers true. The test's own timeout is the only limit.</summary>
    public static async Task UntilAsync(this NpgsqlDataSource database, string condition, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (true)
        {
            await using var command = database.CreateCommand(condition);
            if (await command.ExecuteScalarAsync(cancellationToken) is true)
            {
                return;
            }

            await timer.WaitForNextTickAsync(cancellationToken);
        }
    }
}
