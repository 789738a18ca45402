using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using EndToEnd.Tests.Shop;

namespace EndToEnd.Tests;

/// <summary>However the AppHost ends, nothing of it is left; whatever it lacks, it says so in a line.</summary>
public sealed class AppHostLifecycleTests
{
    [Theory(Timeout = 180_000)]
    [InlineData(2)]
    [InlineData(15)]
    [InlineData(9)]
    public async Task Nothing_is_left_when_it_ends_by_signal(int signal)
    {
        await using var appHost = AppHostProcess.Start(AppHostProcess.Cold);
        await appHost.ReadyAsync(TestContext.Current.CancellationToken);
        var descendants = ProcessTree.Descendants(appHost.ProcessId);
        descendants.Count.ShouldBeGreaterThan(8);
        Directory.EnumerateDirectories(Path.GetTempPath(), $"resilientshop-{appHost.ProcessId}-*").ShouldHaveSingleItem();

        appHost.Signal(signal);
        var exitCode = await appHost.ExitedAsync(TestContext.Current.CancellationToken);

        exitCode.ShouldBe(signal == 9 ? 137 : 0);
        await ProcessTree.GoneAsync(descendants, TestContext.Current.CancellationToken);
        Directory.EnumerateDirectories(Path.GetTempPath(), $"resilientshop-{appHost.ProcessId}-*").ShouldBeEmpty();
    }

    [Fact(Timeout = 180_000)]
    public async Task Two_on_one_machine_do_not_collide()
    {
        await using var one = AppHostProcess.Start(AppHostProcess.Cold);
        await using var other = AppHostProcess.Start(AppHostProcess.Cold);

        var addresses = await Task.WhenAll(one.ReadyAsync(TestContext.Current.CancellationToken), other.ReadyAsync(TestContext.Current.CancellationToken));

        addresses[0].GetProperty("gateway").GetString().ShouldNotBe(addresses[1].GetProperty("gateway").GetString());
    }

    [Theory(Timeout = 180_000)]
    [InlineData("Gateway")]
    [InlineData("Operations")]
    [InlineData("Dashboard")]
    public async Task A_taken_port_is_named_with_its_setting(string name)
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;

        await using var appHost = AppHostProcess.Start(($"Ports__{name}", $"{port}"));

        (await appHost.ExitedAsync(TestContext.Current.CancellationToken)).ShouldBe(1);
        appHost.Output.ShouldContain($"Port {port}");
        appHost.Output.ShouldContain($"Ports__{name}");
    }

    [Theory(Timeout = 180_000)]
    [InlineData("eighty")]
    [InlineData("-1")]
    [InlineData("70000")]
    public async Task A_port_that_is_none_is_refused(string port)
    {
        await using var appHost = AppHostProcess.Start(("Ports__Gateway", port));
        (await appHost.ExitedAsync(TestContext.Current.CancellationToken)).ShouldBe(1);
        appHost.Output.ShouldContain($"Ports__Gateway={port} is not a port");
    }

    [Fact(Timeout = 180_000)]
    public async Task Without_npm_and_apt_the_shop_runs_with_less_and_says_so()
    {
        using var machine = BareMachine.With("setsid", "setpriv", "sh", "sleep", "rm", "dotnet", "postgres", "initdb");
        Assert.SkipUnless(machine.Has("postgres"), "This machine has no PostgreSQL programs on PATH to leave on it.");
        await using var appHost = AppHostProcess.Start(AppHostProcess.Cold, ("PATH", machine.Path), ("Embedded__CachePath", machine.EmptyCache));

        await appHost.ReadyAsync(TestContext.Current.CancellationToken);

        appHost.Output.ShouldContain("no Aspire dashboard: npm is not on PATH");
        appHost.Output.ShouldContain("etcd is not on PATH");
        appHost.Output.ShouldContain("prometheus is not on PATH");
    }

    [Fact(Timeout = 180_000)]
    public async Task A_cache_folder_that_cannot_be_written_is_said_and_done_without()
    {
        using var machine = BareMachine.With("setsid", "setpriv", "sh", "sleep", "rm", "dotnet", "postgres", "initdb", "npm", "node");
        Assert.SkipUnless(machine.Has("postgres") && machine.Has("npm"), "This machine has no PostgreSQL programs and npm on PATH to leave on it.");
        await File.WriteAllTextAsync(machine.EmptyCache, "a file where the folder should be", TestContext.Current.CancellationToken);
        await using var appHost = AppHostProcess.Start(AppHostProcess.Cold, ("PATH", machine.Path), ("Embedded__CachePath", machine.EmptyCache));

        await appHost.ReadyAsync(TestContext.Current.CancellationToken);

        appHost.Output.ShouldContain($"{machine.EmptyCache} cannot be written");
        appHost.Output.ShouldContain("Embedded__CachePath");
    }

    [Fact(Timeout = 180_000)]
    public async Task A_database_server_that_is_killed_comes_back_with_its_data()
    {
        await using var appHost = AppHostProcess.Start();
        var addresses = await appHost.ReadyAsync(TestContext.Current.CancellationToken);

        using var gateway = new HttpClient { BaseAddress = new Uri(addresses.GetProperty("gateway").GetString()!) };
        var sku = await new Orders(gateway).StockedAsync(7, TestContext.Current.CancellationToken);
        var postgres = addresses.GetProperty("processes").EnumerateArray().Single(process => process.GetProperty("name").GetString() == "postgres").GetProperty("pid").GetInt32();
        using (var killed = Process.GetProcessById(postgres))
        {
            killed.Kill();
        }

        await Eventually.Async(async () => (await gateway.GetStringAsync($"inventory/{sku}", TestContext.Current.CancellationToken)).Contains("\"available\":7", StringComparison.Ordinal), TestContext.Current.CancellationToken);
    }
}
