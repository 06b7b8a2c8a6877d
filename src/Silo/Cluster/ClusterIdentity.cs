using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Hypeman.Silo.Cluster;

/// <summary>
/// What a process shows to others of its fleet, and by which it knows them: a certificate of the fleet's CA. Who has
/// one belongs to the fleet and may do everything; names are not looked at, as processes move between addresses.
/// </summary>
internal sealed class ClusterIdentity
{
    /// <summary>A member is server and client in turn, so its certificate must be good for both.</summary>
    public static readonly OidCollection Purposes = [new Oid("1.3.6.1.5.5.7.3.1"), new Oid("1.3.6.1.5.5.7.3.2")];

    private readonly X509Certificate2Collection _authorities;
    private readonly TimeProvider _time;

    private ClusterIdentity(X509Certificate2Collection authorities, X509Certificate2 certificate, string jwtSecret, TimeProvider time) =>
        (_authorities, Certificate, JwtSecret, _time) = (authorities, certificate, jwtSecret, time);

    public X509Certificate2 Certificate { get; }

    public string JwtSecret { get; }

    public DateTimeOffset ExpiresAt => Certificate.NotAfter;

    /// <summary>Reads a member's directory, and sees whether the others will accept what is in it.</summary>
    /// <exception cref="StartupException">They would not; the message says why.</exception>
    public static ClusterIdentity Load(string directory, TimeProvider time)
    {
        var authorities = new X509Certificate2Collection();
        try
        {
            authorities.ImportFromPem(ClusterFiles.Read(directory, ClusterFiles.Authority));
            if (authorities.Count == 0)
                throw new StartupException($"{directory}/{ClusterFiles.Authority} holds no certificate in PEM form");
            var certificate = X509Certificate2.CreateFromPem(
                ClusterFiles.Read(directory, ClusterFiles.Member), ClusterFiles.Read(directory, ClusterFiles.MemberKey));
            var identity = new ClusterIdentity(authorities, certificate, ClusterFiles.ReadJwtSecret(directory), time);
            if (identity.WhyStrange(certificate) is { } reason)
                throw new StartupException($"the certificate {directory}/{ClusterFiles.Member} is no member's: {reason}");
            return identity;
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            throw new StartupException(
                $"{directory} holds no usable identity ({ClusterFiles.Member} and {ClusterFiles.MemberKey} do not fit together, "
                + $"or one is not in PEM form): {e.Message}", e);
        }
    }

    /// <summary>Whether this is the certificate of a process of our fleet.</summary>
    public bool IsMember(X509Certificate? certificate) =>
        certificate is not null && WhyStrange(certificate as X509Certificate2 ?? new X509Certificate2(certificate)) is null;

    /// <summary>For one connection that another member opens.</summary>
    public SslServerAuthenticationOptions ServerOptions() => new()
    {
        ServerCertificate = Certificate,
        ClientCertificateRequired = true,
        EnabledSslProtocols = Protocols,
        CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
        CertificateChainPolicy = Offline(),
        RemoteCertificateValidationCallback = (_, certificate, _, _) => IsMember(certificate),
    };

    public static SslProtocols Protocols => SslProtocols.Tls12 | SslProtocols.Tls13;

    /// <summary>Why the others would refuse it; null when they would not.</summary>
    private string? WhyStrange(X509Certificate2 certificate)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(_authorities);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.VerificationTime = _time.GetUtcNow().LocalDateTime;
        foreach (var purpose in Purposes)
            chain.ChainPolicy.ApplicationPolicy.Add(purpose);
        return chain.Build(certificate)
            ? null
            : string.Join("; ", chain.ChainStatus.Select(status => status.StatusInformation.Trim()).Distinct());
    }

    /// <summary>What TLS itself looks at before it asks us: nothing that a stranger's certificate points at is fetched.</summary>
    public static X509ChainPolicy Offline() => new()
    {
        RevocationMode = X509RevocationMode.NoCheck,
        DisableCertificateDownloads = true,
    };
}
