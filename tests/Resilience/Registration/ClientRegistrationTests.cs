using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Resilience.Tests.Registration;

public sealed class ClientRegistrationTests : IDisposable
{
    private readonly RegistrationWorld _world = new();

    [Fact]
    public void Tiers_are_the_outermost_handler_of_ours()
    {
        _world.Services.AddResilientHttpClient("shop");
        _world.HandlersOf("shop").OfType<TierHandler>().ShouldHaveSingleItem().Dependency.Name.ShouldBe("shop");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_clients_own_tiers_replace_those_of_all_clients(bool defaultsComeLast)
    {
        void Defaults() => _world.Services.ConfigureHttpClientDefaults(client => client.AddDefaultTiers());
        if (!defaultsComeLast)
        {
            Defaults();
        }

        _world.Services.AddHttpClient("own").AddTiers("shop");
        if (defaultsComeLast)
        {
            Defaults();
        }

        _world.Services.AddHttpClient("plain");
        var own = _world.HandlersOf("own").OfType<TierHandler>().ShouldHaveSingleItem();
        (own.Dependency.Name, own.IsDefault).ShouldBe(("shop", false));
        var plain = _world.HandlersOf("plain").OfType<TierHandler>().ShouldHaveSingleItem();
        (plain.Dependency.Name, plain.IsDefault).ShouldBe(("plain", true));
    }

    [Fact]
    public void Clients_of_one_dependency_share_breaker_and_budget()
    {
        _world.Services.AddHttpClient("one").AddTiers("shop");
        _world.Services.AddHttpClient("other").AddTiers("shop");
        foreach (var client in (string[])["one", "other"])
        {
            _world.HandlersOf(client).OfType<TierHandler>().Single().Dependency.ShouldBeSameAs(_world.Get<DependencyRegistry>().Get("shop"));
        }
    }

    [Fact]
    public void Connections_are_kept_as_the_policy_says()
    {
        _world.Services.AddResilientHttpClient("shop");
        var sockets = SocketsOf("shop");
        sockets.PooledConnectionIdleTimeout.ShouldBe(TimeSpan.FromSeconds(30));
        sockets.PooledConnectionLifetime.ShouldBe(TimeSpan.FromSeconds(300));
        sockets.MaxConnectionsPerServer.ShouldBe(200);
    }

    [Fact]
    public void A_dependencys_own_numbers_are_on_its_connections()
    {
        _world.Services.AddResilientHttpClient("shop");
        _world.Services.ConfigureDependency("shop", policy => policy with { Connections = new ConnectionPolicy { MaxPerHost = 9 } });
        SocketsOf("shop").MaxConnectionsPerServer.ShouldBe(9);
    }

    [Fact]
    public void What_a_team_sets_afterwards_stays()
    {
        _world.Services.AddResilientHttpClient("replaced").ConfigurePrimaryHttpMessageHandler(() => new SocketsHttpHandler { MaxConnectionsPerServer = 7 });
        _world.Services.AddResilientHttpClient("changed").UseSocketsHttpHandler((sockets, _) => sockets.PooledConnectionIdleTimeout = TimeSpan.FromSeconds(3));
        SocketsOf("replaced").MaxConnectionsPerServer.ShouldBe(7);
        SocketsOf("changed").PooledConnectionIdleTimeout.ShouldBe(TimeSpan.FromSeconds(3));
        SocketsOf("changed").MaxConnectionsPerServer.ShouldBe(200);
    }

    [Fact]
    public void The_deadline_rules_instead_of_the_clients_timeout()
    {
        _world.Services.AddResilientHttpClient("shop", client => client.BaseAddress = new Uri("http://shop"));
        using var client = _world.Get<IHttpClientFactory>().CreateClient("shop");
        client.Timeout.ShouldBe(Timeout.InfiniteTimeSpan);
        client.BaseAddress.ShouldBe(new Uri("http://shop"));
    }

    [Theory]
    [InlineData("Development", LogLevel.Information)]
    [InlineData("Production", LogLevel.Debug)]
    public async Task Each_pipeline_is_described_at_the_start(string environment, LogLevel level)
    {
        using var world = new RegistrationWorld(environment);
        world.Services.AddResilientHttpClient("shop");
        world.Services.ConfigureDependency("shop", policy => policy with { L1 = new L1Policy() });
        await world.StartAsync();

        var line = world.Log.Where(line => line.Text.StartsWith("shop:", StringComparison.Ordinal)).ShouldHaveSingleItem();
        line.ShouldBe((level, world.Get<DependencyRegistry>().Get("shop").Describe().ToString()));
        line.Text.ShouldStartWith("shop: 10000 ms in all | L1 3 x 50 ms in 95 ms | L2 3 attempts of 50 ms, waits 100 ms x 2 Exponential | breaker 50");
    }

    [Fact]
    public async Task A_wrong_policy_stops_the_start_though_nobody_has_used_it()
    {
        _world.Builder.Configuration.AddInMemoryCollection([KeyValuePair.Create("Resilience:dependencies:stock:l2:max_attempts", (string?)"0")]);
        _world.Services.AddResilience(options => options.Configuration = _world.Builder.Configuration.GetSection(ResilienceOptions.Section));
        var refused = await Should.ThrowAsync<PolicyInvalidException>(_world.StartAsync);
        refused.Message.ShouldBe("stock: l2.max_attempts is 0; it must be from 1 to 10.");
    }

    [Fact]
    public async Task A_host_without_clients_starts()
    {
        _world.Services.ConfigureDependency("shop", policy => policy);
        await _world.StartAsync();
        _world.Get<DependencyRegistry>().Find("shop").ShouldNotBeNull();
    }

    [Fact]
    public async Task What_code_says_twice_builds_on_each_other()
    {
        _world.Services.ConfigureDependency("shop", policy => policy with { Total = TimeSpan.FromSeconds(2) });
        _world.Services.ConfigureDependency("shop", policy => policy with { Total = policy.Total * 2 });
        await _world.StartAsync();
        _world.Get<DependencyRegistry>().Get("shop").Policy.Total.ShouldBe(TimeSpan.FromSeconds(4));
    }

    public void Dispose() => _world.Dispose();

    private SocketsHttpHandler SocketsOf(string client) => _world.HandlersOf(client)[^1].ShouldBeOfType<SocketsHttpHandler>();
}
