using AppHost.Embedded.Model;
using AppHost.Embedded.Runtime;
using Npgsql;

namespace AppHost.Embedded.Servers;

/// <summary>Runs a real PostgreSQL server. Its data folder is made at the first start and kept over restarts.</summary>
internal sealed class PostgresWorkload(PostgresServerResource server, EmbeddedHost host) : IWorkload
{
    private PostgresBinaries? _binaries;
    private string? _dataFolder;

    public bool IsRequired => true;

    public string Source => _binaries?.Folder ?? "PostgreSQL";

    public async Task<IRunningWorkload> StartAsync(ResourceInstance instance, CancellationToken cancellationToken)
    {
        _binaries ??= await PostgresBinaries.FindAsync(host, instance, cancellationToken);
        _dataFolder ??= await InitializeAsync(_binaries, instance, cancellationToken);
        var port = server.PortFor(host.Ports);
        host.Ports.Release(port);
        return await RunningProcess.StartAsync(host, Spec(_binaries, _dataFolder, port), instance.Log);
    }

    public async Task<string?> CheckHealthAsync(ResourceInstance instance, CancellationToken cancellationToken)
    {
        await using var connection = new NpgsqlConnection($"{server.ConnectionString};Database=postgres;Pooling=false;Timeout=3");
        await connection.OpenAsync(cancellationToken);
        return null;
    }

    private static ProcessSpec Spec(PostgresBinaries binaries, string dataFolder, int port) =>
        new(Path.Combine(binaries.Folder, "postgres"),
        [
            "-D", dataFolder,
            "-p", port.ToString(System.Globalization.CultureInfo.InvariantCulture),
            "-c", "listen_addresses=127.0.0.1",
            "-c", "unix_socket_directories=",
            "-c", "max_connections=200",
            "-c", "shared_buffers=24MB",
            "-c", "max_wal_size=512MB",

            // The data goes away with the AppHost, so it need not survive a power cut; it does survive any kill of any process.
            "-c", "fsync=off",
            "-c", "full_page_writes=off",

            // Nothing outside the data folder, so that nothing is left when the server is killed.
            "-c", "dynamic_shared_memory_type=mmap",
            "-c", "logging_collector=off",
            "-c", "log_min_messages=warning",
            "-c", "log_line_prefix=",
        ])
        {
            User = binaries.User,
            WorkingDirectory = dataFolder,
            StopSignal = Signal.Interrupt,
            DeathSignal = Signal.Quit,
        };

    private async Task<string> InitializeAsync(PostgresBinaries binaries, ResourceInstance instance, CancellationToken cancellationToken)
    {
        var folder = Path.Combine(host.RunPath, instance.Name);
        var password = Path.Combine(folder, "password");
        var data = Path.Combine(folder, "data");
        Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        await using (var file = new StreamWriter(new FileStream(password, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        })))
        {
            await file.WriteAsync(server.Password);
        }

        if (binaries.User is { } user)
        {
            Posix.ChangeOwner(folder, user);
            Posix.ChangeOwner(password, user);
        }

        var output = new ResourceLog(host.Time);
        var initdb = await RunningProcess.StartAsync(
            host,
            new ProcessSpec(
                Path.Combine(binaries.Folder, "initdb"),
                ["-D", data, "-U", "postgres", "-A", "scram-sha-256", $"--pwfile={password}", "-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions"])
            {
                User = binaries.User,
                WorkingDirectory = folder,
            },
            output);
        var exitCode = await initdb.Exited.WaitAsync(cancellationToken);
        File.Delete(password);
        return exitCode == 0
            ? data
            : throw new InvalidOperationException($"initdb ended with exit code {exitCode}: {string.Join(' ', output.Tail(3))}");
    }
}
