using System.Diagnostics;
using System.Globalization;
using Npgsql;
using Tests;

namespace ResilientShop.Benchmarks.Sagas;

/// <summary>A real PostgreSQL that syncs to disk at every commit, for one measurement; it ends with this process.</summary>
internal sealed class PostgresProcess : IAsyncDisposable
{
    private readonly ServerProcess _server;
    private readonly int _port;

    private PostgresProcess(ServerProcess server, int port) => (_server, _port) = (server, port);

    public static async Task<PostgresProcess> StartAsync()
    {
        var programs = await PostgresPrograms.FindAsync(CancellationToken.None);
        var data = Directory.CreateTempSubdirectory("resilientshop-gate-").FullName;
        var port = LoopbackPort.Free();
        string[] asOwner = ["setpriv", .. Owner(data)];
        await RunAsync([.. asOwner, Path.Combine(programs, "initdb"), "-D", data, "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]);
        var process = ServerProcess.Start(data, "QUIT",
        [
            .. asOwner, Path.Combine(programs, "postgres"), "-D", data, "-p", port.ToString(CultureInfo.InvariantCulture),
            "-h", "127.0.0.1", "-k", "", "-c", "max_connections=200", "-c", "shared_buffers=256MB", "-c", "max_wal_size=4GB",
        ]);
        var server = new PostgresProcess(process, port);
        await server.WaitUntilReadyAsync();
        return server;
    }

    public string ConnectionString(string database) => string.Create(
        CultureInfo.InvariantCulture, $"Host=127.0.0.1;Port={_port};Username=postgres;Database={database};Maximum Pool Size=48;No Reset On Close=true");

    public async Task<string> CreateDatabaseAsync(string name)
    {
        await using var source = NpgsqlDataSource.Create(ConnectionString("postgres") + ";Pooling=false");
        await using var command = source.CreateCommand($"CREATE DATABASE {name}");
        await command.ExecuteNonQueryAsync();
        return ConnectionString(name);
    }

    public async ValueTask DisposeAsync()
    {
        NpgsqlConnection.ClearAllPools();
        await _server.DisposeAsync();
    }

    private async Task WaitUntilReadyAsync()
    {
        await using var source = NpgsqlDataSource.Create(ConnectionString("postgres") + ";Pooling=false");
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (true)
        {
            try
            {
                await using var connection = await source.OpenConnectionAsync();
                return;
            }
            catch (NpgsqlException) when (!_server.HasExited)
            {
                await timer.WaitForNextTickAsync();
            }
        }
    }

    /// <summary>The server refuses to run as root: then it runs as a user that every machine has.</summary>
    private static string[] Owner(string data)
    {
        if (!Environment.IsPrivilegedProcess)
        {
            return [];
        }

        var user = File.ReadLines("/etc/passwd")
            .Select(line => line.Split(':'))
            .Where(fields => fields[0] is "postgres" or "nobody")
            .OrderByDescending(fields => fields[0], StringComparer.Ordinal)
            .First()[2];
        using var change = Process.Start("chown", [user, data]);
        change.WaitForExit();
        return [$"--reuid={user}", $"--regid={user}", "--clear-groups"];
    }

    private static async Task RunAsync(string[] command)
    {
        using var process = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", "exec \"$@\" >/dev/null 2>&1", "sh", .. command]) { WorkingDirectory = "/" })!;
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"initdb ended with {process.ExitCode}");
        }
    }
}
