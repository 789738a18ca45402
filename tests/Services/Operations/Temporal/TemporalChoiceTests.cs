using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace Services.Tests.Operations.Temporal;

/// <summary>Which engine heals. A server that only answers as Temporal would stands for it.</summary>
public sealed class TemporalChoiceTests
{
    [Theory(Timeout = 60_000)]
    [InlineData(0, null)]
    [InlineData(5, "Namespace shop is not found.")]
    [InlineData(16, "Request unauthorized.")]
    public async Task Temporal_heals_where_it_knows_the_namespace_and_lets_us_in(int status, string? problem)
    {
        await using var server = await TemporalAsync(status, problem ?? "");
        var address = server.Urls.First().Replace("http://", "", StringComparison.Ordinal);

        var choice = await TemporalChoice.MakeAsync(Settings(("TEMPORAL_ADDRESS", address), ("TEMPORAL_NAMESPACE", "shop")));

        (choice.Client is not null).ShouldBe(problem is null, choice.Problem);
        if (problem is not null)
        {
            choice.Problem!.ShouldStartWith($"no Temporal answers at {address} (");
            choice.Problem.ShouldContain(problem);
        }

        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    [Fact(Timeout = 60_000)]
    public async Task Where_none_is_given_or_none_answers_sagas_heal()
    {
        (await TemporalChoice.MakeAsync(Settings())).ShouldBe(new TemporalChoice(null, null, null));

        var choice = await TemporalChoice.MakeAsync(Settings(("ConnectionStrings:temporal", "http://127.0.0.1:1")));
        (choice.Address, choice.Client is null).ShouldBe(("127.0.0.1:1", true));
        choice.Problem!.ShouldStartWith("no Temporal answers at 127.0.0.1:1 (");
        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
    }

    private static IConfiguration Settings(params (string Name, string Value)[] settings) =>
        new ConfigurationBuilder().AddInMemoryCollection(settings.ToDictionary(setting => setting.Name, setting => (string?)setting.Value)).Build();

    /// <summary>Answers every call with an empty message, and those about the namespace with a status.</summary>
    private static async Task<WebApplication> TemporalAsync(int status, string message)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(System.Net.IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2));
        var app = builder.Build();
        app.Run(async http =>
        {
            var isAboutNamespace = http.Request.Path.Value!.EndsWith("/DescribeNamespace", StringComparison.Ordinal);
            http.Response.ContentType = "application/grpc";
            if (!isAboutNamespace || status == 0)
            {
                await http.Response.Body.WriteAsync(new byte[5]);
            }

            http.Response.AppendTrailer("grpc-status", isAboutNamespace ? status.ToString(System.Globalization.CultureInfo.InvariantCulture) : "0");
            http.Response.AppendTrailer("grpc-message", message.Replace(" ", "%20", StringComparison.Ordinal));
        });
        await app.StartAsync(TestContext.Current.CancellationToken);
        return app;
    }
}
