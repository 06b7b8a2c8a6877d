using Hypeman.NodeRuntime.Images;
using Hypeman.NodeRuntime.Networks;
using Hypeman.NodeRuntime.Nodes;
using Hypeman.Silo.Configuration;

namespace Hypeman.Silo.Server;

/// <summary>What a node is made from.</summary>
/// <param name="Claim">The data directory, held by this process.</param>
/// <param name="Options">Read without errors.</param>
internal sealed record NodeSetup(NodeClaim Claim, HypemanOptions Options);

/// <summary>The real node: this host.</summary>
internal static class HostNode
{
    /// <summary>A kernel that our packages bring; else the one this host runs will do.</summary>
    private static readonly string[] KernelDirectories = ["/usr/share/hypeman/kernel", "/"];

    public static void Add(IServiceCollection services, NodeSetup setup)
    {
        var (claim, options) = setup;
        services.AddNodeRuntime(o =>
        {
            o.DataDirectory = options.DataDirectory;
            o.Labels = options.NodeLabels;
            o.KernelDirectory = options.KernelDirectory.Length > 0 ? options.KernelDirectory : KernelDirectories.First(Directory.Exists);
            o.GuestBinary = options.GuestBinary.Length > 0 ? options.GuestBinary : Path.Combine(AppContext.BaseDirectory, "hypeman-guest");
        });
        services.AddSingleton(claim);
        services.Configure<NodeNetworkOptions>(o =>
        {
            o.SubnetCidr = options.SubnetCidr;
            o.DnsServers = [.. options.DnsServers];
            o.UplinkInterface = options.UplinkInterface.Length > 0 ? options.UplinkInterface : null;
        });
        services.Configure<ImageOptions>(o =>
        {
            o.MaxConcurrentPulls = options.MaxConcurrentPulls;
            o.MaxConcurrentConversions = options.MaxConcurrentConversions;
            foreach (var registry in options.InsecureRegistries)
                o.InsecureRegistries.Add(registry);
        });
    }
}
