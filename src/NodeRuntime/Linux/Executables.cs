using Hypeman.NodeRuntime.Errors;

namespace Hypeman.NodeRuntime.Linux;

/// <summary>Finds the tools that this host needs, and knows which Debian package brings each.</summary>
public static class Executables
{
    /// <summary>Services are often started without the sbin folders in their path, where most of our tools live.</summary>
    private static readonly string[] SystemFolders = ["/usr/sbin", "/usr/bin", "/sbin", "/bin"];

    private static readonly Dictionary<string, string> Packages = new()
    {
        ["nft"] = "nftables",
        ["mke2fs"] = "e2fsprogs",
        ["resize2fs"] = "e2fsprogs",
        ["e2fsck"] = "e2fsprogs",
        ["setpriv"] = "util-linux",
        ["qemu-system-x86_64"] = "qemu-system-x86",
        ["qemu-system-aarch64"] = "qemu-system-arm",
        ["qemu-img"] = "qemu-utils",
    };

    /// <summary>The full path of a tool.</summary>
    /// <exception cref="NodeException">DependencyMissing, with the package to install.</exception>
    public static string Find(string tool) =>
        TryFind(tool) ?? throw new NodeException(
            NodeErrorKind.DependencyMissing,
            $"{tool} is not installed on this host. On Debian and Ubuntu: apt-get install {Packages.GetValueOrDefault(tool, tool)}");

    /// <summary>The full path of a tool; null when it is not installed.</summary>
    public static string? TryFind(string tool)
    {
        if (tool.Contains('/'))
            return File.Exists(tool) ? tool : null;
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries);
        return folders.Concat(SystemFolders).Select(folder => Path.Combine(folder, tool)).FirstOrDefault(File.Exists);
    }
}
