using System.Reflection;
using System.Runtime.InteropServices;
using Hypeman.Contracts.Nodes;

namespace Hypeman.Gateway.Health;

/// <summary>What this server can do, as its nodes say.</summary>
internal sealed record CapabilitiesResponse
{
    private static readonly string[] ServerFeatures = ["instances", "images", "ingress", "exec", "logs"];

    public required ServerCapabilities Server { get; init; }
    public required HostCapabilities Host { get; init; }
    public required DefaultRuntimeCapability DefaultRuntime { get; init; }
    public required IReadOnlyList<RuntimeCapabilities> Runtimes { get; init; }
    public required NetworkCapabilities Network { get; init; }
    public required ImageCapabilities Images { get; init; }
    public required IReadOnlyList<string> Features { get; init; }

    /// <param name="nodes">All nodes; those that joined first decide the defaults.</param>
    public static CapabilitiesResponse From(IReadOnlyList<NodeInfo> nodes)
    {
        var hypervisors = nodes.SelectMany(node => node.Hypervisors).Distinct().Order(StringComparer.Ordinal).ToList();
        var platforms = nodes.Select(node => node.Platform).Distinct().Order(StringComparer.Ordinal).ToList();
        return new CapabilitiesResponse
        {
            Server = new ServerCapabilities(ServerVersion, ApiDescription.Version),
            Host = new HostCapabilities("linux", Architecture),
            DefaultRuntime = nodes.Count > 0 && nodes[^1].Hypervisors.Count > 0
                ? new DefaultRuntimeCapability(nodes[^1].Hypervisors[0], Available: true)
                : new DefaultRuntimeCapability("qemu", Available: false),
            Runtimes = hypervisors.ConvertAll(name => new RuntimeCapabilities(name, Available: true, Features: [])),
            Network = new NetworkCapabilities("bridge", GuestToGuest: false),
            Images = new ImageCapabilities(platforms, nodes.Count > 0 ? nodes[^1].Platform : $"linux/{Architecture}"),
            Features = ServerFeatures,
        };
    }

    private static string ServerVersion => typeof(CapabilitiesResponse).Assembly
        .GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

    private static string Architecture =>
        RuntimeInformation.OSArchitecture == System.Runtime.InteropServices.Architecture.Arm64 ? "arm64" : "amd64";
}

internal sealed record ServerCapabilities(string Version, string ApiVersion);

internal sealed record HostCapabilities(string Os, string Arch);

internal sealed record DefaultRuntimeCapability(string Name, bool Available);

internal sealed record RuntimeCapabilities(string Name, bool Available, IReadOnlyList<string> Features);

internal sealed record NetworkCapabilities(string Model, bool GuestToGuest);

internal sealed record ImageCapabilities(IReadOnlyList<string> Platforms, string DefaultPlatform);
