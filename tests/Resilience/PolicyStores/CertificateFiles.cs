using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Resilience.Tests.PolicyStores;

/// <summary>An authority of our own, what it signed for a server on 127.0.0.1 and for a client, and another authority: as PEM files that are gone with it.</summary>
internal sealed class CertificateFiles : IDisposable
{
    private const string ServerUse = "1.3.6.1.5.5.7.3.1";
    private const string ClientUse = "1.3.6.1.5.5.7.3.2";

    private readonly string _folder = Directory.CreateTempSubdirectory("shop-tests-certificates-").FullName;
    private readonly DateTimeOffset _from = DateTimeOffset.UtcNow.AddDays(-1);
    private readonly DateTimeOffset _until = DateTimeOffset.UtcNow.AddDays(1);

    public CertificateFiles()
    {
        using var authority = CreateAuthority("shop");
        using var other = CreateAuthority("other");
        Authority = Write("ca.pem", authority.ExportCertificatePem());
        OtherAuthority = Write("other-ca.pem", other.ExportCertificatePem());

        // Etcd's own gateway is a client of its server, with the server's certificate.
        (ServerCertificate, ServerKey) = Sign(authority, "server", [ServerUse, ClientUse]);
        (ClientCertificate, ClientKey) = Sign(authority, "client", [ClientUse]);
    }

    public string Authority { get; }

    public string OtherAuthority { get; }

    public string ServerCertificate { get; }

    public string ServerKey { get; }

    public string ClientCertificate { get; }

    public string ClientKey { get; }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private X509Certificate2 CreateAuthority(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name} authority", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, critical: true));
        return request.CreateSelfSigned(_from, _until);
    }

    private (string Certificate, string Key) Sign(X509Certificate2 authority, string name, IEnumerable<string> uses)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([.. uses.Select(use => new Oid(use))], critical: false));
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.Create(authority, _from, _until, RandomNumberGenerator.GetBytes(8));
        return (Write($"{name}.pem", certificate.ExportCertificatePem()), Write($"{name}-key.pem", key.ExportPkcs8PrivateKeyPem()));
    }

    private string Write(string name, string text)
    {
        var file = Path.Combine(_folder, name);
        File.WriteAllText(file, text);
        return file;
    }
}
