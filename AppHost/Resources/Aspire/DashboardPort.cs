using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace AppHost.Resources;

/// <summary>Where Aspire's dashboard listens.</summary>
internal static class DashboardPort
{
    /// <summary>Serves the dashboard on the port of <c>Ports__Dashboard</c>, or <paramref name="defaultPort"/>; its own inlets take any free ports.</summary>
    public static IDistributedApplicationBuilder UseDashboardPort(this IDistributedApplicationBuilder builder, int defaultPort)
    {
        builder.Configuration["ASPNETCORE_URLS"] = Address(builder.FixedPort("Dashboard", defaultPort) ?? AnyFree());
        builder.Configuration["ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL"] ??= Address(AnyFree());
        builder.Configuration["ASPIRE_ALLOW_UNSECURED_TRANSPORT"] ??= "true";
        return builder;
    }

    private static string Address(int port) => string.Create(CultureInfo.InvariantCulture, $"http://localhost:{port}");

    private static int AnyFree()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
