using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Hypeman.Certificates.Development;
using Hypeman.Certificates.Sealing;
using Hypeman.Contracts.Certificates;

namespace Hypeman.Bench.Ingress;

/// <summary>Certificates of one kind for all proxies: of a CA of the benchmark's.</summary>
internal static class BenchCertificate
{
    public static SecretSealer Sealer { get; } = new(Encoding.ASCII.GetBytes(new string('b', SecretSealer.KeyLength)));

    /// <summary>As the fleet keeps it.</summary>
    public static async Task<CertificateInfo> InfoAsync(string name)
    {
        var now = TimeProvider.System.GetUtcNow();
        using var issuer = new DevelopmentIssuer(Sealer, TimeProvider.System);
        var issued = await issuer.IssueAsync(name, 0, null!, CancellationToken.None);
        using var certificate = X509Certificate2.CreateFromPem(issued.ChainPem);
        var pem = Sealer.Seal(Encoding.ASCII.GetBytes(issued.ChainPem + "\n" + issued.KeyPem), name);
        return new CertificateInfo
        {
            Name = name,
            CreatedAt = now,
            NextAttemptAt = certificate.NotAfter,
            Material = new CertificateMaterial(
                pem, certificate.Issuer, certificate.SerialNumber.ToLowerInvariant(), certificate.NotBefore.ToUniversalTime(),
                certificate.NotAfter.ToUniversalTime()),
        };
    }

    /// <summary>As files.</summary>
    public static async Task WriteAsync(string name, string chainFile, string keyFile)
    {
        using var issuer = new DevelopmentIssuer(Sealer, TimeProvider.System);
        var issued = await issuer.IssueAsync(name, 0, null!, CancellationToken.None);
        await File.WriteAllTextAsync(chainFile, issued.ChainPem);
        await File.WriteAllTextAsync(keyFile, issued.KeyPem);
    }

    /// <summary>For a client that measures and does not look at whom it has before it.</summary>
    /// <param name="host">Named in the handshake.</param>
    /// <param name="resumes">Takes up earlier sessions.</param>
    public static SslClientAuthenticationOptions Trusting(string host, bool resumes = true) => new()
    {
        TargetHost = host,
        AllowTlsResume = resumes,
#pragma warning disable CA5359 // It talks to processes of its own on this machine.
        RemoteCertificateValidationCallback = (_, _, _, _) => true,
#pragma warning restore CA5359
    };
}
