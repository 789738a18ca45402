using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace AppHost.Resources;

/// <summary>
/// Ports that people type: each has a default and a setting, <c>Ports__&lt;Name&gt;</c>, and must be free before anything starts.
/// </summary>
internal static class FixedPorts
{
    /// <summary>
    /// The port of <paramref name="name"/>: its setting or <paramref name="defaultPort"/>. Null stands for any free port (setting 0).
    /// A wrong setting or a taken port ends the program with exit code 1 and a line that names the setting.
    /// </summary>
    public static int? FixedPort(this IDistributedApplicationBuilder builder, string name, int defaultPort)
    {
        var setting = builder.Configuration[$"Ports:{name}"];
        if (string.IsNullOrWhiteSpace(setting))
        {
            return Free(name, defaultPort);
        }

        if (!int.TryParse(setting, NumberStyles.None, CultureInfo.InvariantCulture, out var port) || port > IPEndPoint.MaxPort)
        {
            Refuse($"Ports__{name}={setting} is not a port. Give a number from 1 to {IPEndPoint.MaxPort}, or 0 for any free port.");
        }

        return port == 0 ? null : Free(name, port);
    }

    private static int Free(string name, int port)
    {
        if (!IsFree(IPAddress.Loopback, port) || (Socket.OSSupportsIPv6 && !IsFree(IPAddress.IPv6Loopback, port)))
        {
            Refuse($"Port {port} for {name.ToLowerInvariant()} is taken by another program. Set Ports__{name} to another port, or to 0 for any free one.");
        }

        return port;
    }

    private static bool IsFree(IPAddress address, int port)
    {
        using var probe = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            probe.Bind(new IPEndPoint(address, port));
            return true;
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            return false;
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.AccessDenied)
        {
            return false;
        }
        catch (SocketException)
        {
            // No such address on this machine (IPv6 switched off): nobody can have taken the port there.
            return true;
        }
    }

    private static void Refuse(string message)
    {
        Console.Error.WriteLine(message);
        Environment.Exit(1);
    }
}
