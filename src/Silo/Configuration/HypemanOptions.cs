using Hypeman.Certificates.Acme;
using Hypeman.Certificates.Issuance;
using Hypeman.Contracts.Snapshots;
using Microsoft.Extensions.Logging;

namespace Hypeman.Silo.Configuration;

/// <summary>All that an operator can choose. How each is written, and what it defaults to, is in <see cref="Settings"/>.</summary>
internal sealed class HypemanOptions
{
    public string DataDirectory { get; set; } = "";
    public SiloRoles Roles { get; set; }

    /// <summary>An IP address, or <c>*</c> for all of this host.</summary>
    public string ApiAddress { get; set; } = "";

    /// <summary>0 takes a free one.</summary>
    public int ApiPort { get; set; }

    /// <summary>Empty: that of the cluster identity; without one, made once and kept in the data directory.</summary>
    public string JwtSecret { get; set; } = "";

    /// <summary>Empty: SQLite in the data directory.</summary>
    public string Database { get; set; } = "";

    public string ClusterId { get; set; } = "";

    /// <summary>Where other processes of the fleet reach this one.</summary>
    public string ClusterAddress { get; set; } = "";

    /// <summary>For other silos. 0 takes a free one and keeps it in the data directory.</summary>
    public int ClusterPort { get; set; }

    /// <summary>For gateways and ingresses that are no silos. 0 takes a free one and keeps it in the data directory.</summary>
    public int ClusterGatewayPort { get; set; }

    /// <summary>For blobs, ports of instances and pushes. 0 takes a free one and keeps it in the data directory.</summary>
    public int ClusterPeerPort { get; set; }

    /// <summary>The directory with what proves that this process belongs to the fleet; empty for none.</summary>
    public string ClusterIdentity { get; set; } = "";

    public string IngressAddress { get; set; } = "";
    public int IngressPort { get; set; }

    /// <summary>For rules for port 443. 0 takes a free one.</summary>
    public int IngressTlsPort { get; set; }

    /// <summary>The directory of whoever issues certificates; null: a CA of our own.</summary>
    public Uri? AcmeDirectory { get; set; }

    public string AcmeEmail { get; set; } = "";

    /// <summary>File with whom to trust about the issuer's own certificate; empty: whom the host trusts.</summary>
    public string AcmeRoots { get; set; } = "";

    public IReadOnlyList<string> AcmeAllowedDomains { get; set; } = [];
    public IReadOnlyList<ChallengeKind> AcmeChallenges { get; set; } = [];
    public ExternalAccount? AcmeExternalAccount { get; set; }

    /// <summary>Program that publishes DNS records; empty: there is none.</summary>
    public string AcmeDnsHook { get; set; } = "";

    public TimeSpan AcmeDnsTimeout { get; set; }

    /// <summary>Whether there can be rules with TLS.</summary>
    public bool IssuesCertificates => AcmeDirectory is null || AcmeEmail.Length > 0;

    /// <summary>Under which the ingress serves the API, in lower case; empty: it does not.</summary>
    public string ApiHostname { get; set; } = "";

    public bool ApiTls { get; set; }
    public bool ApiRedirectHttp { get; set; }

    /// <summary>Where the API is that the ingress serves; null: in this process.</summary>
    public Uri? ApiUpstream { get; set; }

    /// <summary>File with a line for each request of the ingress; empty for none.</summary>
    public string AccessLog { get; set; } = "";

    /// <summary>An IP address, or <c>*</c> for all of this host.</summary>
    public string MetricsAddress { get; set; } = "";

    /// <summary>0 takes a free one.</summary>
    public int MetricsPort { get; set; }

    /// <summary>Rules of ingresses that metrics tell apart.</summary>
    public int RuleLabelBudget { get; set; }

    /// <summary>Empty: looked for in the usual places.</summary>
    public string KernelDirectory { get; set; } = "";

    /// <summary>Empty: beside this program.</summary>
    public string GuestBinary { get; set; } = "";

    public IReadOnlyDictionary<string, string> NodeLabels { get; set; } = new Dictionary<string, string>();

    public string SubnetCidr { get; set; } = "";
    public IReadOnlyList<string> DnsServers { get; set; } = [];
    public string UplinkInterface { get; set; } = "";
    public int MaxConcurrentStandbys { get; set; }
    public int MaxConcurrentPulls { get; set; }
    public int MaxConcurrentConversions { get; set; }
    public IReadOnlyList<string> InsecureRegistries { get; set; } = [];
    public int MaxVcpusPerInstance { get; set; }

    /// <summary>Of saved memory, where nobody says otherwise.</summary>
    public bool CompressionEnabled { get; set; }

    public SnapshotAlgorithm CompressionAlgorithm { get; set; }

    /// <summary>Within what the algorithm has.</summary>
    public int CompressionLevel { get; set; }
    public LogLevel LogLevel { get; set; }
}
