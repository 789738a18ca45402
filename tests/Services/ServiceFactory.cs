using System.Runtime.ExceptionServices;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Services.Tests;

/// <summary>A service as it runs in production: its own Program, Kestrel on a free loopback port, settings as if from the environment.</summary>
/// <typeparam name="TMarker">Any type of the service's assembly.</typeparam>
public sealed class ServiceFactory<TMarker> : WebApplicationFactory<TMarker>
    where TMarker : class
{
    private readonly IReadOnlyDictionary<string, string?> _settings;
    private readonly Action<IServiceCollection>? _configureServices;
    private readonly StartFailure _failure = new();

    public ServiceFactory(IReadOnlyDictionary<string, string?> settings, Action<IServiceCollection>? configureServices = null)
    {
        _settings = settings;
        _configureServices = configureServices;
        UseKestrel();
    }

    /// <summary>Where the service listens, in the order of its endpoints.</summary>
    public IReadOnlyList<Uri> Addresses =>
        [.. Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Select(address => new Uri(address))];

    /// <summary>Starts the service; returns a client for its first address that follows no redirect and has no timeout of its own.</summary>
    /// <exception cref="Exception">It did not start, for this reason.</exception>
    public HttpClient Start()
    {
        try
        {
            StartServer();
        }
        catch (ObjectDisposedException) when (_failure.Exception is not null)
        {
            // It had failed, and its host was gone, before the factory came to wait for it.
            ExceptionDispatchInfo.Throw(_failure.Exception);
        }

        return new HttpClient { BaseAddress = Addresses[0], Timeout = TimeSpan.FromSeconds(60) };
    }

    protected override void ConfigureWebHost(IWebHostBuilder builder)
    {
        builder.UseEnvironment("Development");
        var published = Path.Combine(AppContext.BaseDirectory, "services", typeof(TMarker).Assembly.GetName().Name!.Split('.')[^1]);
        if (Directory.Exists(published))
        {
            builder.UseContentRoot(published);
        }

        builder.UseSetting("urls", "http://127.0.0.1:0");
        builder.UseSetting("Logging:LogLevel:Default", "Error");

        // Policies as they are shipped; a test that changes them brings a store of its own.
        builder.UseSetting("Policies:Follow", "false");
        foreach (var category in new[] { "Microsoft.Hosting.Lifetime", "Microsoft.AspNetCore", "Yarp" })
        {
            builder.UseSetting($"Logging:LogLevel:{category}", "Error");
        }

        foreach (var (name, value) in _settings)
        {
            builder.UseSetting(name, value);
        }

        builder.ConfigureLogging(logging => logging.AddProvider(_failure));
        if (_configureServices is not null)
        {
            builder.ConfigureTestServices(_configureServices);
        }
    }
}
