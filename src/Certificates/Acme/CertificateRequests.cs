using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Hypeman.Certificates.Issuance;

namespace Hypeman.Certificates.Acme;

/// <summary>What is asked of an issuer, and whether what came back is that.</summary>
internal static class CertificateRequests
{
    public static byte[] For(string name, ECDsa key)
    {
        var request = new CertificateRequest(new X500DistinguishedName([0x30, 0x00]), key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        request.CertificateExtensions.Add(names.Build());
        return request.CreateSigningRequest();
    }

    /// <exception cref="IssuanceException">It is of another key, for another name, or over.</exception>
    public static IssuedCertificate Check(string name, string chainPem, ECDsa key, DateTimeOffset now)
    {
        var chain = new X509Certificate2Collection();
        try
        {
            chain.ImportFromPem(chainPem);
            var certificate = chain.FirstOrDefault() ?? throw new IssuanceException("the issuer sent no certificate");
            using var publicKey = certificate.GetECDsaPublicKey();
            if (publicKey is null || !publicKey.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(key.ExportSubjectPublicKeyInfo()))
                throw new IssuanceException("the issuer sent a certificate of another key");
            if (!certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().Any(names => names.EnumerateDnsNames().Contains(name)))
                throw new IssuanceException("the issuer sent a certificate for another name");
            if (certificate.NotAfter <= now)
                throw new IssuanceException("the issuer sent a certificate that is over");
            return new IssuedCertificate(chainPem, key.ExportPkcs8PrivateKeyPem());
        }
        catch (CryptographicException error)
        {
            throw new IssuanceException($"the issuer sent what is no certificate: {error.Message}", inner: error);
        }
        finally
        {
            foreach (var certificate in chain)
                certificate.Dispose();
        }
    }
}
