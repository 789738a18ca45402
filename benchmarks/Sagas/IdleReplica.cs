using System.Globalization;
using Npgsql;

namespace ResilientShop.Benchmarks.Sagas;

/// <summary>What a replica without work costs, with what it has the database do.</summary>
internal static class IdleReplica
{
    private const string Name = "idle-replica";
    private const double TicksPerSecond = 100;
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Watched = TimeSpan.FromSeconds(30);

    /// <summary>Returns percent of one core: of the replica, and of the server processes that work for it.</summary>
    public static async Task<(double Replica, double Database)> MeasureAsync(SagaHost other, string connectionString)
    {
        // What is called once a second is compiled again minutes after the start; a replica lives longer than that.
        var (process, _) = await SagaReplica.StartAsync($"{connectionString};Application Name={Name}", 0, ("DOTNET_TieredCompilation", "0"));
        using (process)
        {
            await Task.Delay(Settling);
            var (own, database) = (Ticks(process.Id), await DatabaseTicksAsync(other.Database));
            await Task.Delay(Watched);
            var (ownAfter, databaseAfter) = (Ticks(process.Id), await DatabaseTicksAsync(other.Database));
            process.StandardInput.Close();
            await process.WaitForExitAsync();
            return (Percent(ownAfter - own), Percent(databaseAfter - database));
        }
    }

    private static double Percent(double ticks) => ticks / TicksPerSecond / Watched.TotalSeconds * 100;

    private static async Task<double> DatabaseTicksAsync(NpgsqlDataSource database)
    {
        await using var command = database.CreateCommand("SELECT pid FROM pg_stat_activity WHERE application_name = $1");
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = Name });
        await using var reader = await command.ExecuteReaderAsync();
        var ticks = 0.0;
        while (await reader.ReadAsync())
        {
            ticks += Ticks(reader.GetInt32(0));
        }

        return ticks;
    }

    // proc(5): utime and stime are the 14th and 15th field; the second one is in parentheses and may hold blanks.
    private static double Ticks(int process)
    {
        var text = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{process}/stat"));
        var fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
        return long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture);
    }
}
