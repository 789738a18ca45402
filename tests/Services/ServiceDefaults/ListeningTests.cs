using System.Net;
using Microsoft.Extensions.Configuration;

namespace Services.Tests.ServiceDefaults;

public sealed class ListeningTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task With_a_grpc_port_the_service_speaks_http_1_on_its_addresses_and_http_2_on_that_port()
    {
        var builder = DefaultsApp.CreateBuilder(("urls", "http://127.0.0.1:0;http://localhost:0"), ("GRPC_PORT", "0"));
        builder.ListenForGrpc();
        await using var app = await DefaultsApp.StartAsync(builder);

        app.Addresses.Count.ShouldBe(3);
        (await VersionAsync(app.Addresses[0], HttpVersion.Version11)).ShouldBe(HttpVersion.Version11);
        (await VersionAsync(app.Addresses[1], HttpVersion.Version11)).ShouldBe(HttpVersion.Version11);
        (await VersionAsync(app.Addresses[2], HttpVersion.Version20)).ShouldBe(HttpVersion.Version20);
    }

    /// <summary>In a container nobody else's calls come from loopback.</summary>
    [Theory]
    [InlineData("urls", "http://localhost:1;http://127.0.0.1:2;http://[::1]:3", "localhost")]
    [InlineData("urls", "http://shop.dev.localhost:1;http://unix:/run/shop.sock", "localhost")]
    [InlineData("urls", "https://*:1;http://localhost:2", "localhost")]
    [InlineData("urls", "http://0.0.0.0:1;http://10.1.2.3:2", "0.0.0.0")]
    [InlineData("urls", "http://some-host:1", "*")]
    [InlineData("urls", "http://[::]:1", "*")]
    [InlineData("urls", "http://+:1;http://localhost:2", "*")]
    [InlineData("urls", "http://*:1", "*")]
    [InlineData("urls", "http://10.1.2.3:1;http://10.1.2.3:2;http://localhost:3", "10.1.2.3", "localhost")]
    [InlineData("http_ports", "7070;7071", "*")]
    [InlineData("https_ports", "8443", "localhost")]
    [InlineData("anything", "else", "localhost")]
    public void Who_can_be_reached_from_elsewhere_is_so_by_grpc_too(string setting, string value, params string[] hosts)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([KeyValuePair.Create(setting, (string?)value)]).Build();

        Listening.GrpcHostsOf(Listening.AddressesOf(configuration), 5001).ShouldBe(hosts);
        Listening.GrpcHostsOf(Listening.AddressesOf(configuration), 0).ShouldBe(["localhost"], "each host would have a port of its own");
    }

    [Fact]
    public void Ports_are_taken_where_there_are_no_addresses()
    {
        var ports = new Dictionary<string, string?> { ["http_ports"] = "7070;7071", ["https_ports"] = "8443" };
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(ports).Build();

        Listening.AddressesOf(configuration).Select(address => address.ToString().ToUpperInvariant()).ShouldBe(["HTTP://*:7070", "HTTP://*:7071", "HTTPS://*:8443"]);
        configuration["urls"] = "http://localhost:5000";
        Listening.AddressesOf(configuration).Select(address => address.Port).ShouldBe([5000]);
    }

    /// <summary>As an image of ASP.NET Core starts it. What was read is cleared, so that the host does not warn that it takes something else.</summary>
    [Fact]
    public async Task A_service_that_is_told_a_port_alone_listens_there_on_every_address()
    {
        var builder = DefaultsApp.CreateBuilder(("urls", ""), ("http_ports", "0"), ("GRPC_PORT", "0"));
        builder.ListenForGrpc();
        builder.Configuration["http_ports"].ShouldBeNullOrEmpty();
        await using var app = await DefaultsApp.StartAsync(builder);

        app.Addresses.Select(address => address.Host).ShouldBe(["[::]", "127.0.0.1"]);
        (await VersionAsync(new Uri($"http://127.0.0.1:{app.Addresses[0].Port}"), HttpVersion.Version11)).ShouldBe(HttpVersion.Version11);
    }

    [Fact]
    public async Task Without_a_grpc_port_nothing_changes()
    {
        var builder = DefaultsApp.CreateBuilder();
        builder.ListenForGrpc();
        await using var app = await DefaultsApp.StartAsync(builder);

        app.Addresses.Count.ShouldBe(1);
    }

    [Theory]
    [InlineData("grpc")]
    [InlineData("-1")]
    [InlineData("65536")]
    public void A_grpc_port_that_is_none_is_refused_by_name(string port) =>
        Should.Throw<InvalidOperationException>(() => DefaultsApp.CreateBuilder(("GRPC_PORT", port)).ListenForGrpc())
            .Message.ShouldContain($"GRPC_PORT is '{port}'");

    private static async Task<Version> VersionAsync(Uri address, Version version)
    {
        using var http = new HttpClient { BaseAddress = address };
        using var request = new HttpRequestMessage(HttpMethod.Get, "/alive") { Version = version, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        using var response = await http.SendAsync(request, Cancel);
        response.EnsureSuccessStatusCode();
        return response.Version;
    }
}
