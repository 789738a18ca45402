using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Grpc.Core;
using Grpc.Net.Client;
using ResilientShop.Resilience.Policies;

namespace ResilientShop.Resilience.Etcd;

/// <summary>One member of the cluster: a channel that notices a dead connection within seconds. Thread-safe.</summary>
internal sealed class EtcdEndpoint : IDisposable
{
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(2);

    // A second without a frame asks for one, two more without an answer end the connection; the handler looks once a second. Only while a call waits: etcd closes
    // a connection that pings while it is idle, or more than twice in 5 s without having been sent anything (--grpc-keepalive-min-time). A watch is therefore
    // sent something every second.
    private static readonly TimeSpan PingAfter = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan PingTimeout = TimeSpan.FromSeconds(2);

    // Many scopes of the largest size; the default of 4 MB is fewer than 20.
    private const int LargestAnswer = 64 * 1024 * 1024;

    private readonly GrpcChannel _channel;

    private EtcdEndpoint(Uri address, SslClientAuthenticationOptions? tls)
    {
        var handler = new SocketsHttpHandler
        {
            // With a callback of ours the channel leaves connections to the handler. Its own tracking of them would wait and retry beneath us.
            ConnectCallback = ConnectAsync,
            ConnectTimeout = ConnectTimeout,
            KeepAlivePingDelay = PingAfter,
            KeepAlivePingTimeout = PingTimeout,
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
            PooledConnectionIdleTimeout = Timeout.InfiniteTimeSpan,
            UseProxy = false,
            // No span for a watch that lasts as long as the process.
            ActivityHeadersPropagator = null,
        };
        if (tls is not null)
        {
            handler.SslOptions = tls;
        }

        _channel = GrpcChannel.ForAddress(address, new GrpcChannelOptions
        {
            HttpHandler = handler,
            DisposeHttpClient = true,
            MaxReceiveMessageSize = LargestAnswer,
        });
        Invoker = _channel.CreateCallInvoker();
    }

    public CallInvoker Invoker { get; }

    /// <exception cref="PolicyInvalidException">A file of a certificate holds none.</exception>
    public static EtcdEndpoint[] Create(EtcdPolicyOptions options)
    {
        var authority = Load(nameof(options.CaFile), options.CaFile, file =>
        {
            var certificates = new X509Certificate2Collection();
            certificates.ImportFromPemFile(file);
            return certificates.Count > 0 ? certificates : throw new CryptographicException();
        });
        var own = Load(nameof(options.CertFile), options.CertFile, file => OwnCertificate(file, options.KeyFile!));
        return [.. options.Addresses.Select(address => new EtcdEndpoint(address, authority is null && own is null ? null : Tls(authority, own)))];
    }

    public void Dispose() => _channel.Dispose();

    private static async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(context.DnsEndPoint, cancellationToken).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static SslClientAuthenticationOptions Tls(X509Certificate2Collection? authority, SslStreamCertificateContext? own)
    {
        var tls = new SslClientAuthenticationOptions { ClientCertificateContext = own };
        if (authority is not null)
        {
            // The name in the certificate is still checked. An authority of one's own rarely says where its revocations are.
            tls.CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            tls.CertificateChainPolicy.CustomTrustStore.AddRange(authority);
        }

        return tls;
    }

    private static SslStreamCertificateContext OwnCertificate(string certFile, string keyFile)
    {
        using var read = X509Certificate2.CreateFromPemFile(certFile, keyFile);

        // Windows cannot use a key that was only ever in memory.
        var certificate = X509CertificateLoader.LoadPkcs12(read.Export(X509ContentType.Pkcs12), password: null);
        return SslStreamCertificateContext.Create(certificate, additionalCertificates: null, offline: true);
    }

    private static T? Load<T>(string name, string? file, Func<string, T> load)
        where T : class
    {
        try
        {
            return file is null ? null : load(file);
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException or IOException or UnauthorizedAccessException)
        {
            throw new PolicyInvalidException([new PolicyError($"etcd's {name}", PolicyNode.Quote(file!), "must be a PEM file that can be read, with its key where it has one")]);
        }
    }
}
