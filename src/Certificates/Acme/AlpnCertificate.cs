using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Hypeman.Certificates.Acme;

/// <summary>The certificate that proves a name to who asks for the protocol <c>acme-tls/1</c> (RFC 8737, section 3).</summary>
public static class AlpnCertificate
{
    public const string Protocol = "acme-tls/1";

    private const string IdentifierExtension = "1.3.6.1.5.5.7.1.31";

    /// <summary>Self-signed, for a day. The caller disposes it.</summary>
    public static X509Certificate2 Make(string name, string keyAuthorization, DateTimeOffset now)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        request.CertificateExtensions.Add(names.Build());
        var digest = new AsnWriter(AsnEncodingRules.DER);
        digest.WriteOctetString(SHA256.HashData(Encoding.ASCII.GetBytes(keyAuthorization)));
        request.CertificateExtensions.Add(new X509Extension(IdentifierExtension, digest.Encode(), critical: true));
        return request.CreateSelfSigned(now.AddHours(-1), now.AddDays(1));
    }
}
