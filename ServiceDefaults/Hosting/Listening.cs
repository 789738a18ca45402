using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace ResilientShop.ServiceDefaults.Hosting;

/// <summary>Where a service listens.</summary>
public static class Listening
{
    /// <summary>The largest request body that a service reads, in bytes (1 MiB).</summary>
    public const long MaxRequestBodyBytes = 1024 * 1024;

    /// <summary>Setting (appsettings.json) with the addresses for a service that is run alone, without an orchestrator.</summary>
    public const string StandAloneUrlsSetting = "StandAlone:Urls";

    /// <summary>Setting (appsettings.json) with the gRPC port for a service that is run alone.</summary>
    public const string StandAloneGrpcPortSetting = "StandAlone:GrpcPort";

    private const string UrlsSetting = "urls";
    private const string HttpPortsSetting = "http_ports";
    private const string HttpsPortsSetting = "https_ports";
    private const string Localhost = "localhost";
    private const string GrpcPortSetting = "GRPC_PORT";

    internal static void AddListening(this WebApplicationBuilder builder)
    {
        builder.Services.Configure<KestrelServerOptions>(options =>
        {
            options.AddServerHeader = false;
            options.Limits.MaxRequestBodySize = MaxRequestBodyBytes;
        });

        if (IsMissing(builder, UrlsSetting) && IsMissing(builder, HttpPortsSetting) && IsMissing(builder, HttpsPortsSetting) && builder.Configuration[StandAloneUrlsSetting] is { Length: > 0 } urls)
        {
            builder.WebHost.UseUrls(urls);
            builder.Configuration[GrpcPortSetting] ??= builder.Configuration[StandAloneGrpcPortSetting];
        }
    }

    /// <summary>
    /// With <c>GRPC_PORT</c> set, listens on that port for HTTP/2 only, next to every address of <c>ASPNETCORE_URLS</c> or <c>ASPNETCORE_HTTP_PORTS</c> (HTTP/1.1): on loopback, and on the
    /// hosts of those addresses. Kestrel cannot tell the two protocols apart on one port without TLS. Does nothing when <c>GRPC_PORT</c> is not set.
    /// </summary>
    /// <exception cref="InvalidOperationException"><c>GRPC_PORT</c> is not a port.</exception>
    public static WebApplicationBuilder ListenForGrpc(this WebApplicationBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        if (IsMissing(builder, GrpcPortSetting))
        {
            return builder;
        }

        var grpcPort = ParsePort(builder.Configuration[GrpcPortSetting]!);
        var addresses = AddressesOf(builder.Configuration);
        var hosts = GrpcHostsOf(addresses, grpcPort);

        // An endpoint in code makes Kestrel ignore the addresses and warn about it, so they move into code as well.
        // A list without entries: an empty string would make the host fall back to ASPNETCORE_URLS.
        builder.WebHost.UseSetting(UrlsSetting, ";");
        builder.WebHost.UseSetting(HttpPortsSetting, "");
        builder.WebHost.UseSetting(HttpsPortsSetting, "");
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            foreach (var address in addresses)
            {
                Listen(kestrel, address);
            }

            foreach (var host in hosts)
            {
                Listen(kestrel, host, grpcPort, endpoint => endpoint.Protocols = HttpProtocols.Http2);
            }
        });
        return builder;
    }

    /// <summary>Where the service is told to listen.</summary>
    internal static IReadOnlyList<BindingAddress> AddressesOf(IConfiguration configuration)
    {
        var urls = Split(configuration[UrlsSetting]);
        if (urls.Length == 0)
        {
            // What images of ASP.NET Core set instead; as there, on every address.
            urls = [.. Split(configuration[HttpPortsSetting]).Select(port => $"http://*:{port}"), .. Split(configuration[HttpsPortsSetting]).Select(port => $"https://*:{port}")];
        }

        return [.. (urls.Length == 0 ? ["http://localhost:5000"] : urls).Select(BindingAddress.Parse)];

        static string[] Split(string? list) => list?.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [];
    }

    /// <summary>
    /// Loopback always, on which a service warms itself up; the hosts of its addresses beside it, but for those that are encrypted: what is said here is not. A port that is any free one is
    /// one port, so it is of loopback alone.
    /// </summary>
    internal static IReadOnlyList<string> GrpcHostsOf(IReadOnlyList<BindingAddress> addresses, int port)
    {
        if (port == 0)
        {
            return [Localhost];
        }

        var hosts = addresses.Where(address => !address.IsUnixPipe && !address.IsNamedPipe && !IsHttps(address)).Select(address => address.Host.Trim('[', ']')).ToList();
        if (hosts.Exists(host => IPAddress.TryParse(host, out var ip) ? ip.Equals(IPAddress.IPv6Any) : !IsLocalhost(host)))
        {
            return ["*"];
        }

        return hosts.Contains("0.0.0.0", StringComparer.Ordinal)
            ? ["0.0.0.0"]
            : [.. hosts.Where(host => IPAddress.TryParse(host, out var ip) && !IPAddress.IsLoopback(ip)).Append(Localhost).Distinct(StringComparer.Ordinal)];
    }

    private static bool IsLocalhost(string host) => string.Equals(host, Localhost, StringComparison.OrdinalIgnoreCase) || host.EndsWith($".{Localhost}", StringComparison.OrdinalIgnoreCase);

    private static bool IsHttps(BindingAddress address) => string.Equals(address.Scheme, Uri.UriSchemeHttps, StringComparison.OrdinalIgnoreCase);

    private static bool IsMissing(WebApplicationBuilder builder, string setting) => string.IsNullOrWhiteSpace(builder.Configuration[setting]);

    private static int ParsePort(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port <= IPEndPoint.MaxPort
            ? port
            : throw new InvalidOperationException($"{GrpcPortSetting} is '{text}'; it must be a port from 0 (any free one) to {IPEndPoint.MaxPort}.");

    private static void Listen(KestrelServerOptions kestrel, BindingAddress address)
    {
        if (address.IsUnixPipe)
        {
            kestrel.ListenUnixSocket(address.UnixPipePath, Configure);
            return;
        }

        Listen(kestrel, address.Host, address.Port, Configure);

        void Configure(ListenOptions endpoint)
        {
            endpoint.Protocols = HttpProtocols.Http1;
            if (IsHttps(address))
            {
                endpoint.Protocols = HttpProtocols.Http1AndHttp2;
                endpoint.UseHttps();
            }
        }
    }

    private static void Listen(KestrelServerOptions kestrel, string host, int port, Action<ListenOptions> configure)
    {
        if (IPAddress.TryParse(host.Trim('[', ']'), out var ip))
        {
            kestrel.Listen(ip, port, configure);
        }
        else if (!IsLocalhost(host))
        {
            kestrel.ListenAnyIP(port, configure);
        }
        else if (port == 0)
        {
            // Two stacks cannot be given the same free port in one go.
            kestrel.Listen(IPAddress.Loopback, 0, configure);
        }
        else
        {
            kestrel.ListenLocalhost(port, configure);
        }
    }
}
