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

    /// <summary>Empty: made once, kept in the data directory.</summary>
    public string JwtSecret { get; set; } = "";

    /// <summary>Empty: SQLite in the data directory.</summary>
    public string Database { get; set; } = "";

    public string ClusterId { get; set; } = "";

    /// <summary>Where other silos reach this one.</summary>
    public string ClusterAddress { get; set; } = "";

    /// <summary>0 takes a free one and keeps it in the data directory.</summary>
    public int ClusterPort { get; set; }

    public string IngressAddress { get; set; } = "";
    public int IngressPort { get; set; }

    /// <summary>Empty: looked for in the usual places.</summary>
    public string KernelDirectory { get; set; } = "";

    /// <summary>Empty: beside this program.</summary>
    public string GuestBinary { get; set; } = "";

    public string SubnetCidr { get; set; } = "";
    public IReadOnlyList<string> DnsServers { get; set; } = [];
    public string UplinkInterface { get; set; } = "";
    public int MaxConcurrentPulls { get; set; }
    public int MaxConcurrentConversions { get; set; }
    public IReadOnlyList<string> InsecureRegistries { get; set; } = [];
    public int MaxVcpusPerInstance { get; set; }
    public LogLevel LogLevel { get; set; }
}
