using Hypeman.Contracts.Snapshots;

namespace Hypeman.Silo.Configuration;

/// <summary>
/// One thing an operator can choose. In a file it is <c>Key</c>, with dots between levels; in the environment the key
/// in capitals with <c>__</c> for a dot; on the command line <c>Flag</c>, where it has one.
/// </summary>
/// <param name="Key">The name in the contract, where it has one.</param>
/// <param name="Flag">Null for what is rarely changed.</param>
/// <param name="Default">As one would write it.</param>
/// <param name="Help">Meaning and unit, for <c>--help</c>.</param>
/// <param name="Apply">Reads the text; a <see cref="FormatException"/> says what would be right.</param>
internal sealed record Setting(
    string Key, string? Flag, string Default, string Help, Action<HypemanOptions, string> Apply)
{
    public bool IsSecret { get; init; }

    public string EnvironmentName => Key.ToUpperInvariant().Replace(".", "__", StringComparison.Ordinal);
}

/// <summary>The table of all settings.</summary>
internal static class Settings
{
    public static IReadOnlyList<Setting> All { get; } =
    [
        new("data_dir", "--data", "/var/lib/hypeman", "Directory for all that is kept; of one process at a time.",
            (o, v) => o.DataDirectory = Path.GetFullPath(SettingText.Required(v))),
        new("roles", "--roles", "control,node,gateway,ingress", "What this process does, as a list.",
            (o, v) => o.Roles = SettingText.Roles(v)),
        new("listen_address", "--api-address", "127.0.0.1", "Address of the API: an IP address, or * for all. It speaks HTTP without TLS.",
            (o, v) => o.ApiAddress = SettingText.Address(v)),
        new("port", "--api-port", "8080", "Port of the API; 0 takes a free one.",
            (o, v) => o.ApiPort = SettingText.Port(v)),
        new("jwt_secret", null, "", "Key that API tokens are signed with; that of the cluster identity when empty, else made once and kept.",
            (o, v) => o.JwtSecret = v) { IsSecret = true },
        new("database", "--database", "", "postgres://user:password@host:port/name for a fleet; SQLite in the data directory when empty.",
            (o, v) => o.Database = v) { IsSecret = true },
        new("ingress.listen_address", "--ingress-address", "*", "Address for the traffic of instances: an IP address, or * for all.",
            (o, v) => o.IngressAddress = SettingText.Address(v)),
        new("ingress.port", "--ingress-port", "80", "Port behind which rules for port 80 are served; 0 takes a free one.",
            (o, v) => o.IngressPort = SettingText.Port(v)),
        new("ingress.tls_port", "--ingress-tls-port", "443", "Port behind which rules for port 443 are served; 0 takes a free one.",
            (o, v) => o.IngressTlsPort = SettingText.Port(v)),
        new("acme.email", null, "", "Whom the issuer of certificates writes to; without it, and without a CA of our own, rules cannot have TLS.",
            (o, v) => o.AcmeEmail = v),
        new("acme.ca", "--acme-ca", "", "Directory of the issuer; that of Let's Encrypt when empty, 'development' for a CA of our own.",
            (o, v) => o.AcmeDirectory = SettingText.AcmeDirectory(v)),
        new("acme.ca_root", null, "", "File with the certificates to trust about the issuer itself; those of the host when empty.",
            (o, v) => o.AcmeRoots = v.Length == 0 ? "" : Path.GetFullPath(v)),
        new("acme.allowed_domains", null, "", "What may have certificates, as a list: hostnames, *.example.com for one label more, * for all.",
            (o, v) => o.AcmeAllowedDomains = [.. SettingText.List(v).Select(domain => domain.ToLowerInvariant())]),
        new("acme.challenges", null, "http-01,tls-alpn-01", "How hostnames are proven, in the order in which it is tried.",
            (o, v) => o.AcmeChallenges = SettingText.Challenges(v)),
        new("acme.external_account", null, "", "KEY-ID:KEY of an account at the issuer, where it asks for one; the key in base64url.",
            (o, v) => o.AcmeExternalAccount = SettingText.ExternalAccount(v)) { IsSecret = true },
        new("acme.dns_hook", null, "", "Program that publishes TXT records: PROGRAM present|cleanup NAME VALUE; for certificates with an asterisk.",
            (o, v) => o.AcmeDnsHook = v.Length == 0 ? "" : Path.GetFullPath(v)),
        new("acme.dns_propagation_timeout", null, "2m", "How long that program may take until everybody sees the record.",
            (o, v) => o.AcmeDnsTimeout = SettingText.Duration(v)),
        new("api.hostname", "--api-hostname", "", "Hostname under which ingresses serve the API; no rule may have it. The same in all processes.",
            (o, v) => o.ApiHostname = v.ToLowerInvariant()),
        new("api.tls", null, "true", "Whether that is on port 443 with a certificate, else it is on port 80 in the clear.",
            (o, v) => o.ApiTls = SettingText.YesOrNo(v)),
        new("api.redirect_http", null, "true", "Whether callers of port 80 are sent to https then.",
            (o, v) => o.ApiRedirectHttp = SettingText.YesOrNo(v)),
        new("api.upstream", null, "", "Where an ingress finds the API, such as http://10.0.0.5:8080; in its own process when empty.",
            (o, v) => o.ApiUpstream = v.Length == 0 ? null : SettingText.HttpUrl(v)),
        new("ingress.access_log", "--access-log", "", "File with a line of JSON for each request to an instance; none when empty.",
            (o, v) => o.AccessLog = v.Length == 0 ? "" : Path.GetFullPath(v)),
        new("metrics.listen_address", null, "127.0.0.1", "Address of /metrics: an IP address, or * for all. It asks for no token.",
            (o, v) => o.MetricsAddress = SettingText.Address(v)),
        new("metrics.port", "--metrics-port", "9464", "Port of /metrics, for Prometheus; 0 takes a free one.",
            (o, v) => o.MetricsPort = SettingText.Port(v)),
        new("metrics.rule_label_budget", null, "1000", "Rules of ingresses that metrics tell apart; more are counted together.",
            (o, v) => o.RuleLabelBudget = SettingText.AtLeastOne(v)),
        new("node.kernel_dir", "--kernel-dir", "", "Directory with the guest kernel and its modules; looked for when empty.",
            (o, v) => o.KernelDirectory = v),
        new("node.guest_binary", "--guest-binary", "", "The guest's init and agent; taken from beside this program when empty.",
            (o, v) => o.GuestBinary = v),
        new("node.labels", "--node-labels", "", "What placement can ask of this host, as a list such as zone=a,disk=ssd.",
            (o, v) => o.NodeLabels = SettingText.Pairs(v)),
        new("network.subnet_cidr", null, "10.100.0.0/16", "Addresses of the VMs.",
            (o, v) => o.SubnetCidr = SettingText.Required(v)),
        new("network.dns_server", null, "1.1.1.1", "What guests ask for names, as a list.",
            (o, v) => o.DnsServers = SettingText.List(v)),
        new("network.uplink_interface", null, "", "Device towards the outside; that of the default route when empty.",
            (o, v) => o.UplinkInterface = v),
        new("registry.insecure", null, "", "Registries (host or host:port) that are spoken to without TLS, as a list.",
            (o, v) => o.InsecureRegistries = SettingText.List(v)),
        new("limits.max_vcpus_per_instance", null, "16", "The most virtual CPUs of one instance.",
            (o, v) => o.MaxVcpusPerInstance = SettingText.AtLeastOne(v)),
        new("auto_standby.max_concurrent", null, "16", "Instances that are put to sleep at the same time when nobody uses them.",
            (o, v) => o.MaxConcurrentStandbys = SettingText.AtLeastOne(v)),
        new("limits.max_concurrent_pulls", null, "3", "Images pulled at the same time.",
            (o, v) => o.MaxConcurrentPulls = SettingText.AtLeastOne(v)),
        new("limits.max_concurrent_builds", null, "1", "Images converted at the same time.",
            (o, v) => o.MaxConcurrentConversions = SettingText.AtLeastOne(v)),
        new("snapshot.compression_default.enabled", null, "false", "Whether saved memory is compressed where nobody says otherwise.",
            (o, v) => o.CompressionEnabled = SettingText.YesOrNo(v)),
        new("snapshot.compression_default.algorithm", null, "zstd", "zstd or lz4.",
            (o, v) => o.CompressionAlgorithm = SettingText.Word<SnapshotAlgorithm>(v)),
        new("snapshot.compression_default.level", null, "", "1 to 19 for zstd (1 when empty), 0 to 9 for lz4 (0 when empty).",
            (o, v) => o.CompressionLevel = SettingText.LevelFor(o.CompressionAlgorithm, v)),
        new("cluster.id", null, "hypeman", "Fleets that share a database need different ones.",
            (o, v) => o.ClusterId = SettingText.Required(v)),
        new("cluster.address", "--cluster-address", "127.0.0.1", "Address at which other processes of the fleet reach this one.",
            (o, v) => o.ClusterAddress = SettingText.Address(v)),
        new("cluster.port", "--cluster-port", "0", "Port for other silos; 0 takes a free one and keeps it.",
            (o, v) => o.ClusterPort = SettingText.Port(v)),
        new("cluster.gateway_port", "--cluster-gateway-port", "0", "Port of a silo for gateways that are none; 0 takes a free one and keeps it.",
            (o, v) => o.ClusterGatewayPort = SettingText.Port(v)),
        new("cluster.peer_port", "--cluster-peer-port", "0", "Port for blobs and streams between hosts; 0 takes a free one and keeps it.",
            (o, v) => o.ClusterPeerPort = SettingText.Port(v)),
        new("cluster.identity", "--cluster-identity", "", "Directory that 'hypeman-silo cluster issue' made; without one whoever reaches the ports is trusted.",
            (o, v) => o.ClusterIdentity = v.Length == 0 ? "" : Path.GetFullPath(v)),
        new("logging.level", "--log-level", "info", "One of trace, debug, info, warning, error.",
            (o, v) => o.LogLevel = SettingText.Level(v)),
    ];

    public static Setting Find(string key) => All.First(s => s.Key == key);
}
