using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Hypeman.Certificates.Acme;
using Hypeman.Certificates.Development;
using Hypeman.Certificates.Issuance;
using Hypeman.Certificates.Sealing;
using Hypeman.Grains.Certificates;
using Hypeman.NodeRuntime.Linux;
using Hypeman.Silo.Configuration;

namespace Hypeman.Silo.Certificates;

/// <summary>Makes of the settings who issues certificates.</summary>
internal static class Issuers
{
    /// <summary>The certificate of the development CA, in the data directory, for whoever is to trust it.</summary>
    public const string DevelopmentCertificate = "development-ca.crt";

    /// <summary>An issuer that takes longer for one answer is not there.</summary>
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(30);

    /// <exception cref="StartupException">A file that the settings name cannot be used.</exception>
    public static CertificatePolicy Policy(HypemanOptions options, SecretSealer? sealer, TimeProvider time)
    {
        if (!options.IssuesCertificates || sealer is null)
            return new CertificatePolicy();
        return new CertificatePolicy
        {
            Issuer = options.AcmeDirectory is null ? Development(options, sealer, time) : Acme(options, sealer, time),
            Sealer = sealer,
            CanBeWildcard = options.AcmeDirectory is null || options.AcmeDnsHook.Length > 0,
            AllowedDomains = options.AcmeDirectory is null && options.AcmeAllowedDomains.Count == 0 ? ["*"] : options.AcmeAllowedDomains,
        };
    }

    private static DevelopmentIssuer Development(HypemanOptions options, SecretSealer sealer, TimeProvider time)
    {
        var issuer = new DevelopmentIssuer(sealer, time);
        AtomicFile.Write(Path.Combine(options.DataDirectory, DevelopmentCertificate), issuer.AuthorityPem + "\n");
        return issuer;
    }

    private static AcmeIssuer Acme(HypemanOptions options, SecretSealer sealer, TimeProvider time)
    {
        var acme = new AcmeOptions
        {
            Directory = options.AcmeDirectory!,
            Email = options.AcmeEmail,
            Challenges = options.AcmeDnsHook.Length > 0 ? [.. options.AcmeChallenges, ChallengeKind.Dns01] : options.AcmeChallenges,
            ExternalAccount = options.AcmeExternalAccount,
        };
        var dns = options.AcmeDnsHook.Length > 0 ? new DnsHook(options.AcmeDnsHook, options.AcmeDnsTimeout) : null;
        return new AcmeIssuer(acme, Client(options.AcmeRoots), sealer, dns, time);
    }

    private static HttpClient Client(string roots)
    {
        var handler = new SocketsHttpHandler { UseCookies = false, PooledConnectionLifetime = TimeSpan.FromMinutes(5) };
        if (roots.Length > 0)
        {
            var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            policy.CustomTrustStore.AddRange(Roots(roots));
            handler.SslOptions.CertificateChainPolicy = policy;
        }
        var client = new HttpClient(handler) { Timeout = AnswerTimeout };
        // Issuers ask for a name by which they can tell their clients apart (RFC 8555, section 6.1).
        client.DefaultRequestHeaders.UserAgent.ParseAdd("hypeman-fleet/" + typeof(Issuers).Assembly.GetName().Version!.ToString(3));
        return client;
    }

    private static X509Certificate2Collection Roots(string file)
    {
        var roots = new X509Certificate2Collection();
        try
        {
            roots.ImportFromPemFile(file);
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"acme.ca_root: {file} cannot be used: {e.Message}", e);
        }
        return roots.Count > 0 ? roots : throw new StartupException($"acme.ca_root: {file} holds no certificate in PEM form");
    }
}
