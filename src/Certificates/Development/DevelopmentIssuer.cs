using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Hypeman.Certificates.Issuance;
using Hypeman.Certificates.Sealing;

namespace Hypeman.Certificates.Development;

/// <summary>
/// A CA of our own, for machines that no issuer can reach. Its key follows from the fleet's, so each process is the same CA, and
/// who trusts its certificate trusts what any of them issues.
/// </summary>
public sealed class DevelopmentIssuer : ICertificateIssuer, IDisposable
{
    private const string Name = "CN=Hypeman development CA";

    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(3650), LeafLifetime = TimeSpan.FromDays(30);

    /// <summary>Clocks differ.</summary>
    private static readonly TimeSpan Tolerance = TimeSpan.FromDays(1);

    private readonly TimeProvider _time;
    private readonly X509Certificate2 _authority;

    /// <param name="sealer">Of the fleet.</param>
    /// <param name="time">For when certificates begin and end.</param>
    public DevelopmentIssuer(SecretSealer sealer, TimeProvider time)
    {
        _time = time;
        using var key = sealer.SigningKey("development CA");
        var request = new CertificateRequest(Name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(X509BasicConstraintsExtension.CreateForCertificateAuthority(pathLengthConstraint: 0));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        var now = time.GetUtcNow();
        _authority = request.CreateSelfSigned(now - Tolerance, now + Lifetime);
    }

    /// <summary>For whoever is to trust it.</summary>
    public string AuthorityPem => _authority.ExportCertificatePem();

    public Task<IssuedCertificate> IssueAsync(string name, int attempt, IChallengeBoard board, CancellationToken cancellationToken)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(new X500DistinguishedName("CN=Hypeman development"), key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(X509BasicConstraintsExtension.CreateForEndEntity(critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], critical: false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(
            _authority, includeKeyIdentifier: true, includeIssuerAndSerial: false));
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        request.CertificateExtensions.Add(names.Build());
        var now = _time.GetUtcNow();
        var serial = RandomNumberGenerator.GetBytes(16);
        serial[0] = (byte)((serial[0] & 0x7F) | 0x40);
        using var certificate = request.Create(_authority, now - Tolerance, now + LeafLifetime, serial);
        return Task.FromResult(new IssuedCertificate(certificate.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem()));
    }

    public void Dispose() => _authority.Dispose();
}
