using System.Globalization;
using System.Net.Sockets;
using AppHost.Embedded.Model;
using AppHost.Embedded.Runtime;

namespace AppHost.Resources;

/// <summary>A development server of Temporal on loopback ports, where the program <c>temporal</c> is on PATH: it runs the healings. Its data lives as long as the process.</summary>
public sealed class TemporalResource : Resource, IResourceWithConnectionString, IResourceWithUrl
{
    private volatile string? _connectionString;

    internal TemporalResource(string name)
        : base(name)
    {
        Endpoints.Add(new EndpointAnnotation("grpc", Port: null, Env: null));
        Endpoints.Add(new EndpointAnnotation("ui", Port: null, Env: null));
    }

    /// <inheritdoc/>
    public string? ConnectionString => _connectionString;

    /// <inheritdoc/>
    public string? Url { get; private set; }

    internal override string ResourceType => "Temporal";

    internal override IWorkload CreateWorkload(EmbeddedHost host)
    {
        // Known before it runs: who refers to it need not wait for it.
        if (ProgramPath.Find(TemporalServer.Program) is not null)
        {
            _connectionString = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{Endpoints[0].PortOf(0, host.Ports)}");
            Url = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{Endpoints[1].PortOf(0, host.Ports)}");
        }

        return new Workload(this, host);
    }

    private sealed class Workload(TemporalResource temporal, EmbeddedHost host) : IWorkload
    {
        public bool IsRequired => false;

        public string Source => ProgramPath.Find(TemporalServer.Program) ?? "Temporal";

        public async Task<IRunningWorkload> StartAsync(ResourceInstance instance, CancellationToken cancellationToken)
        {
            var program = ProgramPath.Find(TemporalServer.Program) ?? throw new ResourceMissingException(
                "temporal is not on PATH, and TEMPORAL_ADDRESS is not set. Orders heal all the same, as sagas; for Temporal install its CLI (https://docs.temporal.io/cli), or point TEMPORAL_ADDRESS to a server.");
            var (grpc, ui) = (temporal.Endpoints[0].PortOf(0, host.Ports), temporal.Endpoints[1].PortOf(0, host.Ports));
            host.Ports.Release(grpc);
            host.Ports.Release(ui);
            return await RunningProcess.StartAsync(
                host,
                new ProcessSpec(program,
                [
                    .. TemporalServer.Arguments("127.0.0.1"),
                    "--port", grpc.ToString(CultureInfo.InvariantCulture),
                    "--ui-port", ui.ToString(CultureInfo.InvariantCulture),
                ]),
                instance.Log);
        }

        public async Task<string?> CheckHealthAsync(ResourceInstance instance, CancellationToken cancellationToken)
        {
            using var probe = new TcpClient();
            try
            {
                await probe.ConnectAsync("127.0.0.1", temporal.Endpoints[0].PortOf(0, host.Ports), cancellationToken);
                return null;
            }
            catch (SocketException exception)
            {
                return exception.Message;
            }
        }
    }
}

/// <summary>Adds Temporal.</summary>
public static class TemporalBuilderExtensions
{
    /// <summary>Adds a development server of Temporal.</summary>
    public static IResourceBuilder<TemporalResource> AddTemporal(this IDistributedApplicationBuilder builder, string name) =>
        builder.AddResource(new TemporalResource(name));
}
