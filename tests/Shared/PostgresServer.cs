using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace Tests;

/// <summary>
/// A real PostgreSQL server for the tests of one assembly: random loopback port, data in a temporary folder, nothing synced to disk.
/// Use it as an assembly fixture. It and its folder are gone when the tests end, also when their process is killed.
/// </summary>
public sealed class PostgresServer : IAsyncLifetime
{
    // The shell outlives a test process that is killed: reading its standard input then ends, and it clears up.
    private const string Supervise =
        """
        umask 077
        mkdir "$DATA"
        [ -z "$OWNER" ] || chown "$OWNER" "$DATA"
        as_owner="setpriv --pdeathsig=TERM ${OWNER:+--reuid=$OWNER --regid=$OWNER --clear-groups}"
        (
          $as_owner "$BIN/initdb" -D "$DATA" -U postgres --auth=trust --encoding=UTF8 --locale=C --no-sync &&
          exec $as_owner "$BIN/postgres" -D "$DATA" "$@"
        ) >"$DATA.log" 2>&1 &
        server=$!
        trap '' INT TERM HUP
        read -r _
        # A background job of a shell ignores QUIT until it is the server itself; TERM ends what comes before.
        kill -TERM $server 2>/dev/null
        kill -QUIT $server 2>/dev/null
        wait $server
        while [ -e "$DATA" ]; do rm -rf "$DATA"; done
        rm -f "$DATA.log"
        """;

    private readonly string _data = Path.Combine(Path.GetTempPath(), "shop-tests-postgres-" + Path.GetRandomFileName());
    private readonly int _port = FindFreePort();
    private int _databases;
    private Process? _supervisor;

    /// <summary>Connection string of the maintenance database.</summary>
    public string MaintenanceConnectionString => ConnectionString("postgres");

    /// <summary>Name of a database that does not exist yet.</summary>
    public string NewDatabaseName() => $"test_{Interlocked.Increment(ref _databases).ToString(CultureInfo.InvariantCulture)}";

    /// <summary>Connection string of the database <paramref name="name"/> on this server.</summary>
    public string ConnectionString(string name) =>
        $"Host=127.0.0.1;Port={_port.ToString(CultureInfo.InvariantCulture)};Username=postgres;Database={name};Maximum Pool Size=20;Timeout=10";

    /// <summary>Creates an empty database and returns its connection string.</summary>
    public async Task<string> CreateDatabaseAsync()
    {
        var name = NewDatabaseName();
        await using var connection = new NpgsqlConnection(MaintenanceConnectionString + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand($"CREATE DATABASE {name}", connection);
        await command.ExecuteNonQueryAsync();
        return ConnectionString(name);
    }

    public async ValueTask InitializeAsync()
    {
        var start = new ProcessStartInfo("/bin/sh", ["-c", Supervise, "sh", .. ServerArguments()])
        {
            RedirectStandardInput = true,
            WorkingDirectory = "/",
            Environment = { ["DATA"] = _data, ["BIN"] = await PostgresPrograms.FindAsync(CancellationToken.None), ["OWNER"] = Environment.IsPrivilegedProcess ? ServerUser() : "" },
        };
        _supervisor = Process.Start(start);
        await WaitUntilReadyAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_supervisor is null)
        {
            return;
        }

        NpgsqlConnection.ClearAllPools();
        _supervisor.StandardInput.Close();
        await _supervisor.WaitForExitAsync();
        _supervisor.Dispose();
    }

    private string[] ServerArguments() =>
    [
        "-p", _port.ToString(CultureInfo.InvariantCulture), "-h", "127.0.0.1", "-k", "",
        "-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off",
        "-c", "max_connections=300", "-c", "shared_buffers=32MB", "-c", "autovacuum=off",
    ];

    private async Task WaitUntilReadyAsync()
    {
        var patience = Stopwatch.StartNew();
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        await using var source = NpgsqlDataSource.Create(MaintenanceConnectionString + ";Pooling=false");
        while (true)
        {
            try
            {
                await using var connection = await source.OpenConnectionAsync();
                return;
            }
            catch (NpgsqlException exception) when (patience.Elapsed > TimeSpan.FromSeconds(30))
            {
                throw new InvalidOperationException($"PostgreSQL did not start: {await File.ReadAllTextAsync(_data + ".log")}", exception);
            }
            catch (NpgsqlException)
            {
                await timer.WaitForNextTickAsync();
            }
        }
    }

    // The server refuses to run as root. By number: not every machine has a group of the user's name.
    private static string ServerUser() => File.ReadLines("/etc/passwd")
        .Select(line => line.Split(':'))
        .Where(fields => fields[0] is "postgres" or "nobody")
        .OrderByDescending(fields => fields[0], StringComparer.Ordinal)
        .First()[2];

    private static int FindFreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
