using AppHost.Embedded.Dashboard.Protocol;
using AppHost.Embedded.Runtime;
using Grpc.Core;

namespace AppHost.Embedded.Dashboard;

/// <summary>Tells Aspire's dashboard what runs, streams console logs to it and obeys its commands.</summary>
internal sealed class ResourceService(EmbeddedHost host, CancellationToken ending) : DashboardService.DashboardServiceBase
{
    public override Task<ApplicationInformationResponse> GetApplicationInformation(ApplicationInformationRequest request, ServerCallContext context) =>
        Task.FromResult(new ApplicationInformationResponse { ApplicationName = "ResilientShop (embedded)" });

    public override async Task WatchResources(WatchResourcesRequest request, IServerStreamWriter<WatchResourcesUpdate> responseStream, ServerCallContext context)
    {
        using var until = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, ending);
        var changes = host.Watch(until.Token);
        var initial = new InitialResourceData();
        initial.Resources.AddRange(host.Instances.Select(instance => ResourceMessages.Of(instance, host)));
        await responseStream.WriteAsync(new WatchResourcesUpdate { InitialData = initial }, until.Token);
        while (await changes.WaitToReadAsync())
        {
            // An instance that changed several times is sent once, as it is now.
            var changed = new HashSet<ResourceInstance>();
            while (changes.TryRead(out var instance))
            {
                changed.Add(instance);
            }

            var update = new WatchResourcesChanges();
            update.Value.AddRange(changed.Select(instance => new WatchResourcesChange { Upsert = ResourceMessages.Of(instance, host) }));
            await responseStream.WriteAsync(new WatchResourcesUpdate { Changes = update });
        }
    }

    public override async Task WatchResourceConsoleLogs(
        WatchResourceConsoleLogsRequest request, IServerStreamWriter<WatchResourceConsoleLogsUpdate> responseStream, ServerCallContext context)
    {
        using var until = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, ending);
        try
        {
            await foreach (var batch in Find(request.ResourceName).Log.ReadAsync(!request.SuppressFollow, until.Token))
            {
                var update = new WatchResourceConsoleLogsUpdate();
                update.LogLines.AddRange(batch.Select(line => new ConsoleLogLine { Text = line.Text, IsStdErr = line.IsError, LineNumber = line.Number }));
                await responseStream.WriteAsync(update, until.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // Nobody reads any more, or the application stops.
        }
    }

    public override async Task<ResourceCommandResponse> ExecuteResourceCommand(ResourceCommandRequest request, ServerCallContext context)
    {
        var instance = Find(request.ResourceName);
        if (!Enum.TryParse<InstanceCommand>(request.CommandName, ignoreCase: true, out var command))
        {
            return new ResourceCommandResponse
            {
                Kind = ResourceCommandResponseKind.Failed,
                Message = $"'{request.CommandName}' is no command of {instance.Name}. Commands: start, stop, restart, kill.",
            };
        }

        host.Output.Notice(instance, $"{request.CommandName}, asked for in the dashboard");
        await instance.ObeyAsync(command).WaitAsync(context.CancellationToken);
        return new ResourceCommandResponse { Kind = ResourceCommandResponseKind.Succeeded };
    }

    /// <summary>We never ask the person at the dashboard anything; the stream stays open so that the dashboard need not wonder.</summary>
    public override async Task WatchInteractions(
        IAsyncStreamReader<WatchInteractionsRequestUpdate> requestStream, IServerStreamWriter<WatchInteractionsResponseUpdate> responseStream, ServerCallContext context)
    {
        using var until = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, ending);
        try
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, host.Time, until.Token);
        }
        catch (OperationCanceledException)
        {
            // The dashboard or the application stops.
        }
    }

    private ResourceInstance Find(string name) =>
        host.Instances.FirstOrDefault(instance => instance.Name == name)
        ?? throw new RpcException(new Status(StatusCode.NotFound, $"There is no resource '{name}'."));
}
