using AppHost.Tests.Fakes;

namespace AppHost.Tests;

public sealed class SupervisionTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_resource_starts_only_when_what_it_waits_for_is_healthy()
    {
        var server = new FakeResource("server") { Workload = { Problem = "starting up" } };
        var service = new FakeResource("service");
        service.WaitsFor.Add(server);
        await using var host = HostUnderTest.Run(server, service);

        await host.UntilAsync("server", snapshot => snapshot.HealthProblem == "starting up", Cancellation);
        service.Workload.Starts.ShouldBe(0);
        host.Instance("service").Snapshot.State.ShouldBe(ResourceState.Waiting);

        server.Workload.Problem = null;
        await host.UntilAsync("service", snapshot => snapshot.IsHealthy, Cancellation);
    }

    [Fact]
    public async Task A_resource_that_ends_by_itself_is_started_again()
    {
        var service = new FakeResource("service");
        await using var host = HostUnderTest.Run(service);
        await host.UntilAsync("service", snapshot => snapshot.IsHealthy, Cancellation);

        (await service.Workload.NextRunAsync(Cancellation)).Exit(3);

        var exited = await host.UntilAsync("service", snapshot => snapshot.State is ResourceState.Exited || snapshot.Restarts > 0, Cancellation);
        exited.ExitCode.ShouldBe(3);
        var again = await host.UntilAsync("service", snapshot => snapshot.IsHealthy && snapshot.Restarts == 1, Cancellation);
        again.ExitCode.ShouldBeNull();
        service.Workload.Starts.ShouldBe(2);
    }

    [Fact]
    public async Task A_stopped_resource_stays_stopped_until_it_is_started()
    {
        var service = new FakeResource("service");
        await using var host = HostUnderTest.Run(service);
        await host.UntilAsync("service", snapshot => snapshot.IsHealthy, Cancellation);
        var run = await service.Workload.NextRunAsync(Cancellation);

        await host.Instance("service").ObeyAsync(InstanceCommand.Stop);
        run.WasStopped.ShouldBeTrue();
        host.Instance("service").Snapshot.State.ShouldBe(ResourceState.Exited);
        service.Workload.Starts.ShouldBe(1);

        await host.Instance("service").ObeyAsync(InstanceCommand.Start);
        host.Instance("service").Snapshot.State.ShouldBe(ResourceState.Running);
        service.Workload.Starts.ShouldBe(2);
    }

    [Fact]
    public async Task Restart_ends_one_life_in_order_and_begins_another()
    {
        var service = new FakeResource("service");
        await using var host = HostUnderTest.Run(service);
        await host.UntilAsync("service", snapshot => snapshot.IsHealthy, Cancellation);
        var first = await service.Workload.NextRunAsync(Cancellation);

        await host.Instance("service").ObeyAsync(InstanceCommand.Restart);

        first.WasStopped.ShouldBeTrue();
        first.WasKilled.ShouldBeFalse();
        (await service.Workload.NextRunAsync(Cancellation)).ShouldNotBeSameAs(first);
    }

    [Fact]
    public async Task A_killed_resource_comes_back()
    {
        var service = new FakeResource("service");
        await using var host = HostUnderTest.Run(service);
        await host.UntilAsync("service", snapshot => snapshot.IsHealthy, Cancellation);
        var first = await service.Workload.NextRunAsync(Cancellation);

        await host.Instance("service").ObeyAsync(InstanceCommand.Kill);

        first.WasKilled.ShouldBeTrue();
        await host.UntilAsync("service", snapshot => snapshot.IsHealthy, Cancellation);
        service.Workload.Starts.ShouldBe(2);
    }

    [Fact]
    public async Task Commands_given_while_it_waits_to_restart_are_obeyed()
    {
        var service = new FakeResource("service");
        await using var host = HostUnderTest.Run(service);
        await host.UntilAsync("service", snapshot => snapshot.IsHealthy, Cancellation);
        (await service.Workload.NextRunAsync(Cancellation)).Exit(1);
        await host.UntilAsync("service", snapshot => snapshot.Restarts == 1, Cancellation);

        await host.Instance("service").ObeyAsync(InstanceCommand.Stop);

        host.Instance("service").Snapshot.State.ShouldBe(ResourceState.Exited);
        service.Workload.Starts.ShouldBe(1);
    }

    [Fact]
    public async Task Without_an_optional_resource_the_rest_runs()
    {
        var dashboard = new FakeResource("dashboard", isRequired: false) { Workload = { Failure = new ResourceMissingException("no npm here; install it") } };
        var service = new FakeResource("service");
        service.WaitsFor.Add(dashboard);
        await using var host = HostUnderTest.Run(dashboard, service);

        await host.UntilAsync("service", snapshot => snapshot.IsHealthy, Cancellation);
        var missing = host.Instance("dashboard").Snapshot;
        missing.State.ShouldBe(ResourceState.Unavailable);
        missing.Reason.ShouldBe("no npm here; install it");
    }

    [Fact]
    public async Task When_an_optional_resource_fails_to_start_the_rest_runs()
    {
        var dashboard = new FakeResource("dashboard", isRequired: false) { Workload = { Failure = new IOException("the disk is full") } };
        var service = new FakeResource("service");
        service.WaitsFor.Add(dashboard);
        await using var host = HostUnderTest.Run(dashboard, service);

        await host.UntilAsync("service", snapshot => snapshot.IsHealthy, Cancellation);
        host.Instance("dashboard").Snapshot.State.ShouldBe(ResourceState.FailedToStart);
    }

    [Fact]
    public async Task When_an_optional_resource_never_comes_up_the_rest_runs()
    {
        var etcd = new FakeResource("etcd", isRequired: false) { Workload = { Problem = "not yet" } };
        var service = new FakeResource("service");
        service.WaitsFor.Add(etcd);
        await using var host = HostUnderTest.Run(etcd, service);
        for (var life = 0; life < 3; life++)
        {
            (await etcd.Workload.NextRunAsync(Cancellation)).Exit(2);
        }

        await host.UntilAsync("service", snapshot => snapshot.IsHealthy, Cancellation);
    }

    [Fact]
    public async Task A_ready_file_that_cannot_be_written_is_said_before_anything_starts()
    {
        var service = new FakeResource("service");
        var host = HostUnderTest.Run("/no/such/folder/ready.json", service);

        (await host.ExitCode).ShouldBe(1);
        service.Workload.Starts.ShouldBe(0);
    }

    [Fact]
    public async Task Without_a_required_resource_the_host_stops_with_exit_code_1()
    {
        var server = new FakeResource("postgres") { Workload = { Failure = new ResourceMissingException("no programs") } };
        var other = new FakeResource("other");
        var host = HostUnderTest.Run(server, other);

        (await host.ExitCode).ShouldBe(1);
        other.Workload.Starts.ShouldBeLessThanOrEqualTo(1);
        Directory.Exists(host.Host.RunPath).ShouldBeFalse();
    }

    [Fact]
    public async Task A_required_resource_that_never_comes_up_stops_the_host_with_exit_code_1()
    {
        var service = new FakeResource("service") { Workload = { Problem = "not yet" } };
        var host = HostUnderTest.Run(service);
        for (var life = 0; life < 3; life++)
        {
            (await service.Workload.NextRunAsync(Cancellation)).Exit(139);
        }

        (await host.ExitCode).ShouldBe(1);
    }

    [Fact]
    public async Task What_waits_for_others_is_stopped_before_them()
    {
        var stops = new List<string>();
        var server = new FakeResource("server");
        var service = new FakeResource("service");
        service.WaitsFor.Add(server);
        var host = HostUnderTest.Run(server, service);
        await host.UntilAsync("service", snapshot => snapshot.IsHealthy, Cancellation);
        foreach (var resource in new[] { server, service })
        {
            var run = await resource.Workload.NextRunAsync(Cancellation);
            run.OnStop = () =>
            {
                lock (stops)
                {
                    stops.Add(resource.Name);
                }
            };
        }

        await host.DisposeAsync();

        stops.ShouldBe(["service", "server"]);
    }

    [Fact]
    public async Task The_ready_file_is_written_whole_once_everything_is_healthy()
    {
        var path = Path.Combine(Path.GetTempPath(), $"ready-{Guid.NewGuid():N}.json");
        var service = new FakeResource("service") { Workload = { Problem = "not yet" } };
        await using var host = HostUnderTest.Run(path, service);
        await host.UntilAsync("service", snapshot => snapshot.HealthProblem == "not yet", Cancellation);
        File.Exists(path).ShouldBeFalse();

        var appeared = new TaskCompletionSource();
        using var watcher = new FileSystemWatcher(Path.GetTempPath(), Path.GetFileName(path)) { EnableRaisingEvents = true };
        watcher.Renamed += (_, _) => appeared.TrySetResult();
        service.Workload.Problem = null;
        await appeared.Task.WaitAsync(Cancellation);

        var content = System.Text.Json.JsonDocument.Parse(await File.ReadAllTextAsync(path, Cancellation)).RootElement;
        content.GetProperty("processes")[0].GetProperty("name").GetString().ShouldBe("service");
        File.Delete(path);
    }

    [Fact]
    public async Task The_ready_file_follows_the_processes()
    {
        var path = Path.Combine(Path.GetTempPath(), $"ready-{Guid.NewGuid():N}.json");
        using var written = new SemaphoreSlim(0);
        using var watcher = new FileSystemWatcher(Path.GetTempPath(), Path.GetFileName(path)) { EnableRaisingEvents = true };
        watcher.Renamed += (_, _) => written.Release();
        var service = new FakeResource("service");
        await using var host = HostUnderTest.Run(path, service);
        await UntilAsync("\"pid\":4711,\"healthy\":true");

        // Nothing heals it before the test has looked.
        service.Workload.Problem = "not yet";
        (await service.Workload.NextRunAsync(Cancellation)).Exit(137);
        await UntilAsync("\"pid\":null,\"healthy\":false");
        await UntilAsync("\"pid\":4711,\"healthy\":false");

        service.Workload.Problem = null;
        await UntilAsync("\"pid\":4711,\"healthy\":true");
        File.Delete(path);

        async Task UntilAsync(string process)
        {
            while (!File.Exists(path) || !(await File.ReadAllTextAsync(path, Cancellation)).ReplaceLineEndings("").Replace(" ", "", StringComparison.Ordinal).Contains(process, StringComparison.Ordinal))
            {
                await written.WaitAsync(Cancellation);
            }
        }
    }
}
