using System.Net.Sockets;
using System.Security.Authentication;

namespace ResilientShop.Resilience.Testing;

/// <summary>
/// Ways in which a connection fails. The exceptions have the types, errors and causes that <see cref="SocketsHttpHandler"/> throws, so that
/// code which tells them apart can be tested.
/// </summary>
public enum Fault
{
    /// <summary>Nobody listens. The request never left.</summary>
    ConnectionRefused,

    /// <summary>No way to the host. The request never left.</summary>
    HostUnreachable,

    /// <summary>The name has no address. The request never left.</summary>
    NameNotResolved,

    /// <summary>TLS could not be agreed on. The request never left.</summary>
    TlsFailed,

    /// <summary>The connection was reset while the request was on it. Acts, because it may have been carried out.</summary>
    ConnectionReset,

    /// <summary>The connection was closed before there was a whole response. Acts, because it may have been carried out.</summary>
    ResponseEnded,
}

/// <summary>What the faults look like to a caller.</summary>
internal static class Faults
{
    public static bool RequestLeaves(Fault fault) => fault is Fault.ConnectionReset or Fault.ResponseEnded;

    public static Exception ToException(Fault fault) => fault switch
    {
        Fault.ConnectionRefused => OfConnecting(SocketError.ConnectionRefused, HttpRequestError.ConnectionError),
        Fault.HostUnreachable => OfConnecting(SocketError.HostUnreachable, HttpRequestError.ConnectionError),
        Fault.NameNotResolved => OfConnecting(SocketError.HostNotFound, HttpRequestError.NameResolutionError),
        Fault.TlsFailed => new HttpRequestException(
            HttpRequestError.SecureConnectionError,
            "The SSL connection could not be established.",
            new AuthenticationException("The remote certificate was rejected.")),
        Fault.ConnectionReset => new HttpRequestException(
            HttpRequestError.Unknown,
            "An error occurred while sending the request.",
            new IOException("Unable to read data from the transport connection.", new SocketException((int)SocketError.ConnectionReset))),
        Fault.ResponseEnded => new HttpRequestException(
            HttpRequestError.ResponseEnded,
            "An error occurred while sending the request.",
            new HttpIOException(HttpRequestError.ResponseEnded, "The response ended prematurely.")),
        _ => throw new ArgumentOutOfRangeException(nameof(fault), fault, "There is no such fault."),
    };

    private static HttpRequestException OfConnecting(SocketError error, HttpRequestError kind)
    {
        var cause = new SocketException((int)error);
        return new HttpRequestException(kind, cause.Message, cause);
    }
}
