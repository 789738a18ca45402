using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace ResilientShop.Resilience.Http;

/// <summary>
/// Before anything runs: refuses wrong policies and clients with two retry layers, which would otherwise show at a client's first use; and says in
/// development what each client goes through.
/// </summary>
internal sealed partial class ResilienceStartup(
    PolicyBook policies,
    DependencyRegistry dependencies,
    IOptions<ResilienceOptions> options,
    IEnumerable<IPolicyRequirement> requirements,
    IEnumerable<IConfigureOptions<HttpClientFactoryOptions>> clients,
    IEnumerable<GrpcClientCheck> grpcClients,
    IHttpMessageHandlerFactory handlers,
    IHostEnvironment environment,
    ILogger<ResilienceStartup> logger) : IHostedLifecycleService
{
    public Task StartingAsync(CancellationToken cancellationToken)
    {
        policies.Check(dependencies.Current.Document);
        foreach (var requirement in requirements)
        {
            requirement.Check(dependencies.Current.Document);
        }

        var named = clients.OfType<ConfigureNamedOptions<HttpClientFactoryOptions>>().Select(client => client.Name).OfType<string>();

        // Also a client without a name: it is made of the defaults of all clients and nothing else.
        foreach (var name in named.Append(Options.DefaultName).Distinct())
        {
            handlers.CreateHandler(name).Dispose();
        }

        foreach (var client in grpcClients)
        {
            client.RefuseRetries();
        }

        foreach (var known in options.Value.Known.Order(StringComparer.Ordinal))
        {
            var description = dependencies.Get(known).Describe().ToString();
            LogPipeline(environment.IsDevelopment() ? LogLevel.Information : LogLevel.Debug, description);
        }

        return Task.CompletedTask;
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    [LoggerMessage(Message = "{Pipeline}")]
    private partial void LogPipeline(LogLevel level, string pipeline);
}
