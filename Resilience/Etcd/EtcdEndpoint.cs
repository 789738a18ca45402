using System.Net.Security;
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

    // A second without a frame asks for one, two more without an answer end the connection. Only while a call waits: etcd closes a connection that pings while
    // it is idle, or more than twice in 5 s without having been sent anything (--grpc-keepalive-min-time). A watch is therefore sent something every second.
    private static readonly TimeSpan PingAfter = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan PingTimeout = TimeSpan.FromSeconds(2);

    // A connection that failed is tried again when we say so, not when the channel thinks that it is time.
    private static readonly TimeSpan ChannelBackoff = TimeSpan.FromMilliseconds(20);

    // Many scopes of the largest size; the default of 4 MB is fewer than 20.
    private const int LargestAnswer = 64 * 1024 * 1024;

    private readonly GrpcChannel _channel;

    private EtcdEndpoint(Uri address, SslClientAuthenticationOptions? tls)
    {
        var handler = new SocketsHttpHandler
        {
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
            InitialReconnectBackoff = ChannelBackoff,
            MaxReconnectBackoff = ChannelBackoff,
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
