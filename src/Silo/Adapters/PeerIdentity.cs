using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Hypeman.Peers;
using Hypeman.Silo.Cluster;

namespace Hypeman.Silo.Adapters;

/// <summary>Peers trust each other as silos do: by the fleet's CA.</summary>
internal sealed class PeerIdentity(IdentityKeeper identity) : IPeerIdentity
{
    public SslServerAuthenticationOptions ServerOptions() => identity.Current.ServerOptions();

    public SslClientAuthenticationOptions ClientOptions() => new()
    {
        EnabledSslProtocols = ClusterIdentity.Protocols,
        CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
        LocalCertificateSelectionCallback = (_, _, _, _, _) => identity.Current.Certificate,
        RemoteCertificateValidationCallback = (_, certificate, _, _) => identity.Current.IsMember(certificate),
    };
}
