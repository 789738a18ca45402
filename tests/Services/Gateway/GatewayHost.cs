using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Services.Tests.Gateway;

/// <summary>A gateway in front of stub services; discovery finds them as it finds the real ones, by configuration.</summary>
internal sealed class GatewayHost : IAsyncDisposable
{
    private readonly ServiceFactory<RouteDeadline> _gateway;

    private GatewayHost(ServiceFactory<RouteDeadline> gateway, HttpClient http) => (_gateway, Http) = (gateway, http);

    public HttpClient Http { get; }

    public IServiceProvider Services => _gateway.Services;

    public static GatewayHost Start(params IEnumerable<(string Setting, string Value)> settings) => Start(null, settings);

    public static GatewayHost Start(TimeProvider? time, params IEnumerable<(string Setting, string Value)> settings)
    {
        var gateway = new ServiceFactory<RouteDeadline>(
            settings.ToDictionary(setting => setting.Setting, setting => (string?)setting.Value),
            time is null ? null : services => services.Replace(ServiceDescriptor.Singleton(time)));
        return new GatewayHost(gateway, gateway.Start());
    }

    public static (string Setting, string Value) Instance(string service, int number, Uri address) => ($"services:{service}:http:{number}", address.ToString());

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _gateway.DisposeAsync();
    }
}
