using System.Net;
using ResilientShop.ServiceDefaults.Hosting;

namespace ResilientShop.Services.Tests.ServiceDefaults;

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
