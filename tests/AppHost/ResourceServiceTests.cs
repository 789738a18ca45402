using AppHost.Embedded.Dashboard.Protocol;
using AppHost.Tests.Fakes;
using Grpc.Core;
using Grpc.Net.Client;

namespace AppHost.Tests;

/// <summary>Speaks to the resource service as Aspire's dashboard does: gRPC over a real port.</summary>
public sealed class ResourceServiceTests : IAsyncLifetime
{
    private readonly FakeResource _service = new("service");
    private HostUnderTest _host = null!;
    private GrpcChannel _channel = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static Metadata Key => new() { { "x-resource-service-api-key", "the key" } };

    private DashboardService.DashboardServiceClient Client => new(_channel);

    public async ValueTask InitializeAsync()
    {
        _host = HostUnderTest.Run(_service);
        var port = _host.Host.Ports.Next();
        _host.Host.Ports.Release(port);
        await ResourceServiceHost.StartAsync(_host.Host, port, "the key", Cancellation);
        _channel = GrpcChannel.ForAddress($"http://localhost:{port}");
        await _host.UntilAsync("service", snapshot => snapshot.IsHealthy, Cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        _channel.Dispose();
        await _host.DisposeAsync();
    }

    [Fact]
    public async Task Whoever_has_no_key_learns_nothing()
    {
        var refused = await Should.ThrowAsync<RpcException>(async () => await Client.GetApplicationInformationAsync(new(), cancellationToken: Cancellation));
        refused.StatusCode.ShouldBe(StatusCode.Unauthenticated);
    }

    [Fact]
    public async Task Resources_come_first_as_they_are_and_then_as_they_change()
    {
        using var call = Client.WatchResources(new(), Key, cancellationToken: Cancellation);
        var updates = call.ResponseStream.ReadAllAsync(Cancellation).GetAsyncEnumerator(Cancellation);
        await updates.MoveNextAsync();
        var first = updates.Current.InitialData.Resources.Single();
        first.State.ShouldBe("Running");
        first.HealthReports.Single().Status.ShouldBe(HealthStatus.Healthy);
        first.Commands.Where(command => command.State is ResourceCommandState.Enabled).Select(command => command.Name).ShouldBe(["stop", "restart", "kill"]);

        await _host.Instance("service").ObeyAsync(InstanceCommand.Stop);

        while (await updates.MoveNextAsync())
        {
            if (updates.Current.Changes.Value.Any(change => change.Upsert.State == "Exited"))
            {
                return;
            }
        }

        Assert.Fail("The stop was never told.");
    }

    [Fact]
    public async Task Commands_of_the_dashboard_are_obeyed()
    {
        var answer = await Client.ExecuteResourceCommandAsync(new() { ResourceName = "service", CommandName = "restart" }, Key, cancellationToken: Cancellation);
        answer.Kind.ShouldBe(ResourceCommandResponseKind.Succeeded);
        _service.Workload.Starts.ShouldBe(2);
    }

    [Fact]
    public async Task A_command_that_does_not_exist_is_refused_with_those_that_do()
    {
        var answer = await Client.ExecuteResourceCommandAsync(new() { ResourceName = "service", CommandName = "explode" }, Key, cancellationToken: Cancellation);
        answer.Kind.ShouldBe(ResourceCommandResponseKind.Failed);
        answer.Message.ShouldContain("start, stop, restart, kill");
    }

    [Fact]
    public async Task A_resource_that_does_not_exist_is_not_found()
    {
        var refused = await Should.ThrowAsync<RpcException>(async () =>
            await Client.ExecuteResourceCommandAsync(new() { ResourceName = "nobody", CommandName = "stop" }, Key, cancellationToken: Cancellation));
        refused.StatusCode.ShouldBe(StatusCode.NotFound);
    }

    [Fact]
    public async Task Console_lines_are_streamed()
    {
        _host.Instance("service").Log.Append("hello", isError: true);
        using var call = Client.WatchResourceConsoleLogs(new() { ResourceName = "service", SuppressFollow = true }, Key, cancellationToken: Cancellation);
        var lines = new List<ConsoleLogLine>();
        await foreach (var update in call.ResponseStream.ReadAllAsync(Cancellation))
        {
            lines.AddRange(update.LogLines);
        }

        lines.Single().ShouldSatisfyAllConditions(line => line.Text.ShouldEndWith("hello"), line => line.IsStdErr.ShouldBeTrue());
    }
}
