using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Hypeman.Silo.Cluster;

/// <summary>
/// The CA of one fleet. It says who belongs to the fleet and nothing else: the names in its certificates are for people.
/// </summary>
internal sealed class ClusterAuthority : IDisposable
{
    public static readonly TimeSpan Lifetime = TimeSpan.FromDays(3652);
    public static readonly TimeSpan MemberLifetime = TimeSpan.FromDays(365);

    /// <summary>Certificates begin earlier than now: the clocks of a fleet differ, and some are found to be wrong by hours.</summary>
    private static readonly TimeSpan ClockTolerance = TimeSpan.FromDays(1);

    private readonly X509Certificate2 _certificate;
    private readonly string _jwtSecret;
    private readonly string _sealingKey;
    private readonly TimeProvider _time;

    private ClusterAuthority(X509Certificate2 certificate, string jwtSecret, string sealingKey, TimeProvider time) =>
        (_certificate, _jwtSecret, _sealingKey, _time) = (certificate, jwtSecret, sealingKey, time);

    /// <summary>Makes a CA with the fleet's JWT key and sealing key, as files of a directory.</summary>
    /// <exception cref="StartupException">There is one already, or the files cannot be written.</exception>
    public static void Create(string directory, TimeProvider time)
    {
        foreach (var file in new[] { ClusterFiles.AuthorityKey, ClusterFiles.Authority })
            if (File.Exists(Path.Combine(directory, file)))
                throw new StartupException(
                    $"{directory} holds a CA already; a new one in its place would shut out all that have certificates of it");
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        // A name of its own: while a CA is being replaced there are two, and issuers are found by name first.
        var name = $"CN=Hypeman cluster CA {Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4))}";
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(X509BasicConstraintsExtension.CreateForCertificateAuthority(pathLengthConstraint: 0));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        var now = time.GetUtcNow();
        using var certificate = request.CreateSelfSigned(now - ClockTolerance, now + Lifetime);
        Written(directory, () =>
        {
            ClusterFiles.Write(directory, ClusterFiles.AuthorityKey, key.ExportPkcs8PrivateKeyPem());
            ClusterFiles.Write(directory, ClusterFiles.JwtSecret, ClusterFiles.NewSecret());
            ClusterFiles.Write(directory, ClusterFiles.SealingKey, ClusterFiles.NewSecret());
            ClusterFiles.Write(directory, ClusterFiles.Authority, certificate.ExportCertificatePem());
        });
    }

    /// <exception cref="StartupException">The directory holds no CA.</exception>
    public static ClusterAuthority Open(string directory, TimeProvider time)
    {
        var (certificate, key) = (ClusterFiles.Read(directory, ClusterFiles.Authority), ClusterFiles.Read(directory, ClusterFiles.AuthorityKey));
        var secret = ClusterFiles.Read(directory, ClusterFiles.JwtSecret);
        // A CA that was made before there was such a key gets one.
        if (!File.Exists(Path.Combine(directory, ClusterFiles.SealingKey)))
            Written(directory, () => ClusterFiles.Write(directory, ClusterFiles.SealingKey, ClusterFiles.NewSecret()));
        var sealing = ClusterFiles.Read(directory, ClusterFiles.SealingKey);
        try
        {
            return new ClusterAuthority(X509Certificate2.CreateFromPem(certificate, key), secret, sealing, time);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            throw new StartupException($"{directory} holds no usable CA: {e.Message}", e);
        }
    }

    /// <summary>Makes the identity of one process, in place of the one that the directory may hold.</summary>
    /// <param name="name">Of the process or its host, for people.</param>
    /// <param name="addresses">IP addresses or DNS names of the host, for people and tools.</param>
    /// <param name="directory">Where to.</param>
    /// <param name="lifetime">Until it ends; never beyond the CA's own end.</param>
    /// <exception cref="StartupException">The files cannot be written.</exception>
    public void Issue(string name, IEnumerable<string> addresses, string directory, TimeSpan lifetime)
    {
        if (File.Exists(Path.Combine(directory, ClusterFiles.AuthorityKey)))
            throw new StartupException($"{directory} holds the CA, whose key must not travel; choose another directory for {name}");
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = Sign(RequestFor(name, addresses, key), lifetime);
        Written(directory, () =>
        {
            ClusterFiles.Write(directory, ClusterFiles.Authority, _certificate.ExportCertificatePem());
            ClusterFiles.Write(directory, ClusterFiles.JwtSecret, _jwtSecret);
            ClusterFiles.Write(directory, ClusterFiles.SealingKey, _sealingKey);
            ClusterFiles.Write(directory, ClusterFiles.MemberKey, key.ExportPkcs8PrivateKeyPem());
            ClusterFiles.Write(directory, ClusterFiles.Member, certificate.ExportCertificatePem());
        });
    }

    public void Dispose() => _certificate.Dispose();

    private static CertificateRequest RequestFor(string name, IEnumerable<string> addresses, ECDsa key)
    {
        var subject = new X500DistinguishedNameBuilder();
        subject.AddCommonName(name);
        var request = new CertificateRequest(subject.Build(), key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(X509BasicConstraintsExtension.CreateForEndEntity(critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension(ClusterIdentity.Purposes, critical: false));
        var alternatives = new SubjectAlternativeNameBuilder();
        foreach (var address in addresses.Prepend(name).Distinct())
            if (IPAddress.TryParse(address, out var ip))
                alternatives.AddIpAddress(ip);
            else if (Uri.CheckHostName(address) == UriHostNameType.Dns)
                alternatives.AddDnsName(address);
        request.CertificateExtensions.Add(alternatives.Build());
        return request;
    }

    private X509Certificate2 Sign(CertificateRequest request, TimeSpan lifetime)
    {
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(
            _certificate, includeKeyIdentifier: true, includeIssuerAndSerial: false));
        var now = _time.GetUtcNow();
        var (begin, end) = (now - ClockTolerance, now + lifetime);
        if (begin < _certificate.NotBefore)
            begin = _certificate.NotBefore;
        if (end > _certificate.NotAfter)
            end = _certificate.NotAfter;
        // Of 16 bytes, and above zero.
        var serial = RandomNumberGenerator.GetBytes(16);
        serial[0] = (byte)((serial[0] & 0x7F) | 0x40);
        return request.Create(_certificate, begin, end, serial);
    }

    private static void Written(string directory, Action write)
    {
        try
        {
            ClusterFiles.MakePrivate(directory);
            write();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"the files in {directory} cannot be written: {e.Message}", e);
        }
    }
}
