using System.Globalization;
using AppHost.Embedded.Acquisition;
using AppHost.Embedded.Model;
using AppHost.Embedded.Runtime;
using AppHost.Embedded.Servers;

namespace AppHost.Resources;

/// <summary>A real etcd on loopback ports: the store of the hot policies.</summary>
public sealed class EtcdResource : Resource, IResourceWithConnectionString, IResourceWithUrl
{
    private volatile string? _connectionString;

    internal EtcdResource(string name)
        : base(name)
    {
        Endpoints.Add(new EndpointAnnotation("http", Port: null, Env: null));
        Endpoints.Add(new EndpointAnnotation("peer", Port: null, Env: null));
    }

    /// <inheritdoc/>
    public string? ConnectionString => _connectionString;

    /// <inheritdoc/>
    public string? Url => _connectionString;

    internal override string ResourceType => "Etcd";

    internal override IWorkload CreateWorkload(EmbeddedHost host)
    {
        // Known before it runs: who refers to it need not wait for it.
        _connectionString = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{Endpoints[0].PortOf(0, host.Ports)}");
        return new Workload(this, host);
    }

    private sealed class Workload(EtcdResource etcd, EmbeddedHost host) : IWorkload
    {
        private string? _program;

        public bool IsRequired => false;

        public string Source => _program ?? "etcd";

        public async Task<IRunningWorkload> StartAsync(ResourceInstance instance, CancellationToken cancellationToken)
        {
            _program ??= await FindAsync(instance, cancellationToken);
            var (client, peer) = (etcd.Endpoints[0].PortOf(0, host.Ports), etcd.Endpoints[1].PortOf(0, host.Ports));
            host.Ports.Release(client);
            host.Ports.Release(peer);
            var peerUrl = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{peer}");
            return await RunningProcess.StartAsync(
                host,
                new ProcessSpec(_program,
                [
                    "--name", "embedded",
                    "--data-dir", Path.Combine(host.RunPath, instance.Name),
                    "--listen-client-urls", etcd._connectionString!, "--advertise-client-urls", etcd._connectionString!,
                    "--listen-peer-urls", peerUrl, "--initial-advertise-peer-urls", peerUrl, "--initial-cluster", $"embedded={peerUrl}",
                    "--unsafe-no-fsync", "--logger", "zap", "--log-level", "error",
                ]),
                instance.Log);
        }

        private async Task<string> FindAsync(ResourceInstance instance, CancellationToken cancellationToken)
        {
            try
            {
                return await DebianProgram.FindAsync(
                    "etcd", new DebianPackage("etcd-server"), "Hot policies come from the files in config/ instead.", host, instance, cancellationToken);
            }
            catch (ResourceMissingException)
            {
                etcd._connectionString = null;
                throw;
            }
        }

        public async Task<string?> CheckHealthAsync(ResourceInstance instance, CancellationToken cancellationToken)
        {
            using var answer = await host.Http.GetAsync($"{etcd._connectionString}/health", cancellationToken);
            return answer.IsSuccessStatusCode ? null : $"/health answers {(int)answer.StatusCode}";
        }
    }
}

/// <summary>Adds etcd.</summary>
public static class EtcdBuilderExtensions
{
    /// <summary>Adds an etcd server.</summary>
    public static IResourceBuilder<EtcdResource> AddEtcd(this IDistributedApplicationBuilder builder, string name) =>
        builder.AddResource(new EtcdResource(name));
}
