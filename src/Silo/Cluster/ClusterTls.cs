using System.Net.Security;
using Orleans.Connections.Security;

namespace Hypeman.Silo.Cluster;

/// <summary>Mutual TLS between silos, and between silos and clients, by the identity that is in force at each connection.</summary>
internal static class ClusterTls
{
    /// <summary>Sent because TLS wants a name; nobody looks at it.</summary>
    public const string TargetName = "member.hypeman";

    public static void Apply(TlsOptions tls, IdentityKeeper identity)
    {
        tls.SslProtocols = ClusterIdentity.Protocols;
        tls.RemoteCertificateMode = RemoteCertificateMode.RequireCertificate;
        tls.ClientCertificateMode = RemoteCertificateMode.RequireCertificate;
        tls.CheckCertificateRevocation = false;
        // Orleans wants one at the start; what is shown is chosen below, at each connection.
        tls.LocalCertificate = identity.Current.Certificate;
        tls.LocalServerCertificateSelector = (_, _) => identity.Current.Certificate;
        tls.LocalClientCertificateSelector = (_, _, _, _, _) => identity.Current.Certificate;
        tls.RemoteCertificateValidation = (certificate, _, _) => identity.Current.IsMember(certificate);
        tls.OnAuthenticateAsServer = (_, options) =>
            ((SslServerAuthenticationOptions)options.SslServerAuthenticationOptions).CertificateChainPolicy = ClusterIdentity.Offline();
        tls.OnAuthenticateAsClient = (_, options) => options.TargetHost = TargetName;
    }
}
