using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;

namespace ResilientShop.Resilience;

/// <summary>
/// Tells from an exception where on its way a request failed, and above all whether it can have left at all. Based on
/// <see cref="HttpRequestError"/>; the socket's own error decides where a handler gives none.
/// </summary>
public static class ConnectionFailure
{
    // https://www.rfc-editor.org/rfc/rfc9113#section-7: the server refused the stream before any processing.
    private const long RefusedStream = 7;

    private static readonly Verdict Dns = Refused("dns");
    private static readonly Verdict Connect = Refused("connection_refused");
    private static readonly Verdict Tls = Refused("tls");
    private static readonly Verdict Unprocessed = Refused("stream_refused");
    private static readonly Verdict Reset = new(AttemptOutcome.TransportFailure, "connection_reset") { IsDependencyFault = true };
    private static readonly Verdict Unknown = new(AttemptOutcome.Permanent, "exception");

    /// <summary>Whether no byte of the request can have reached the server.</summary>
    public static bool IsBeforeSending(Exception exception) => Judge(exception).NeverSent;

    internal static Verdict Judge(Exception exception) => exception switch
    {
        TieredCallException => new Verdict(AttemptOutcome.Permanent, "refused"),
        HttpRequestException failure => Judge(failure),
        HttpIOException failure => Judge(failure),
        SocketException failure => Judge(failure),
        TimeoutException => Verdict.AttemptTimeout,

        // A handler below gave up of its own accord, for example over its own connect timeout.
        OperationCanceledException => Verdict.AttemptTimeout,

        // Streams wrap what their socket says, and a stream has a connection: even "no route to host" then comes after the request may have left.
        IOException => Reset,
        _ => Unknown,
    };

    private static Verdict Judge(HttpRequestException failure) => failure.HttpRequestError switch
    {
        HttpRequestError.NameResolutionError => Dns,
        HttpRequestError.ConnectionError => failure.InnerException is SocketException socket && IsDns(socket) ? Dns : Connect,
        HttpRequestError.ProxyTunnelError => Connect,

        // A certificate that is wrong now is wrong in 5 ms as well.
        HttpRequestError.SecureConnectionError when failure.InnerException is AuthenticationException => new Verdict(AttemptOutcome.Permanent, "tls"),
        HttpRequestError.SecureConnectionError => Tls,
        HttpRequestError.HttpProtocolError => failure.InnerException is HttpIOException inner ? Judge(inner) : Reset,
        HttpRequestError.ResponseEnded => Reset,
        HttpRequestError.Unknown => failure.InnerException is SocketException or IOException ? Judge(failure.InnerException) : Reset,
        _ => Unknown,
    };

    private static Verdict Judge(HttpIOException failure) =>
        failure is HttpProtocolException { ErrorCode: RefusedStream } ? Unprocessed : failure.HttpRequestError is HttpRequestError.InvalidResponse ? Unknown : Reset;

    // Of a socket alone nobody knows whether it was connected: a lost route ends established connections too. Only who connects is refused or finds no name.
    private static Verdict Judge(SocketException failure) =>
        IsDns(failure) ? Dns : failure.SocketErrorCode == SocketError.ConnectionRefused ? Connect : Reset;

    // A resolver that cannot be reached (TryAgain) is an error of connecting to SocketsHttpHandler.
    private static bool IsDns(SocketException failure) => failure.SocketErrorCode is SocketError.HostNotFound or SocketError.TryAgain or SocketError.NoData;

    private static Verdict Refused(string reason) =>
        new(AttemptOutcome.TransportFailure, reason) { NeverSent = true, IsDependencyFault = true };
}
