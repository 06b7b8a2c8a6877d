using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Hypeman.Ingress.Certificates;

/// <summary>
/// A certificate as handshakes use it. One object for all of its handshakes, since TLS keeps the sessions that can be taken up
/// again with it.
/// </summary>
internal sealed class ServedCertificate
{
    private static readonly List<SslApplicationProtocol> Http = [SslApplicationProtocol.Http2, SslApplicationProtocol.Http11];

    private ServedCertificate(string name, X509Certificate2 certificate, X509Certificate2Collection issuers, List<SslApplicationProtocol> protocols)
    {
        Name = name;
        Serial = certificate.SerialNumber.ToLowerInvariant();
        Options = new SslServerAuthenticationOptions
        {
            ServerCertificateContext = SslStreamCertificateContext.Create(certificate, issuers, offline: true),
            ApplicationProtocols = protocols,
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            ClientCertificateRequired = false,
        };
    }

    /// <summary>A hostname, or <c>*.</c> and one.</summary>
    public string Name { get; }

    /// <summary>In hexadecimal digits.</summary>
    public string Serial { get; }

    public SslServerAuthenticationOptions Options { get; }

    /// <param name="name">It is for.</param>
    /// <param name="pem">Its chain and its key.</param>
    /// <exception cref="CryptographicException">It is no such thing.</exception>
    public static ServedCertificate FromPem(string name, string pem)
    {
        var chain = new X509Certificate2Collection();
        chain.ImportFromPem(pem);
        var certificate = X509Certificate2.CreateFromPem(pem, pem);
        return new ServedCertificate(name, certificate, [.. chain.Skip(1)], Http);
    }

    /// <param name="name">It proves.</param>
    /// <param name="certificate">That is shown as proof.</param>
    /// <param name="protocol">The only one that is spoken.</param>
    public static ServedCertificate Proof(string name, X509Certificate2 certificate, string protocol) =>
        new(name, certificate, [], [new SslApplicationProtocol(protocol)]);
}
