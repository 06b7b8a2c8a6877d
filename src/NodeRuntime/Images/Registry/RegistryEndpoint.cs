using System.Net;

namespace Hypeman.NodeRuntime.Images.Registry;

/// <summary>Where a registry of a reference is reached.</summary>
internal static class RegistryEndpoint
{
    /// <summary>Docker Hub's registry has another name than its images.</summary>
    private const string DockerHubHost = "registry-1.docker.io";

    /// <summary>Without TLS only for loopback, where nobody listens in, and for those that the operator named.</summary>
    public static Uri Of(string registry, IEnumerable<string> insecureRegistries)
    {
        var host = registry == ImageReference.DefaultRegistry ? DockerHubHost : registry;
        var secure = new Uri($"https://{host}/v2/");
        var isInsecure = IsLoopback(secure.IdnHost)
            || insecureRegistries.Any(name => name.Equals(registry, StringComparison.OrdinalIgnoreCase)
                || name.Equals(secure.IdnHost, StringComparison.OrdinalIgnoreCase));
        return isInsecure ? new Uri($"http://{host}/v2/") : secure;
    }

    /// <summary>Whether a request that goes to <paramref name="from"/> may take its secrets along to another address.</summary>
    public static bool IsSameHost(Uri from, Uri to) =>
        from.Scheme == to.Scheme && from.Port == to.Port && from.IdnHost.Equals(to.IdnHost, StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether going there leaves TLS behind.</summary>
    public static bool IsDowngrade(Uri from, Uri to) => from.Scheme == Uri.UriSchemeHttps && to.Scheme != Uri.UriSchemeHttps;

    private static bool IsLoopback(string host) =>
        host == "localhost" || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));
}
