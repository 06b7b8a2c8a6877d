using System.IO.Compression;
using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Linux;
using ZstdSharp;

namespace Hypeman.NodeRuntime.Guest;

/// <summary>An unpacked kernel package: its image, and its modules by name.</summary>
internal sealed class KernelTree
{
    private readonly Dictionary<string, string> _files;
    private readonly HashSet<string> _builtIn;

    private KernelTree(string version, string image, string modules)
    {
        Version = version;
        Image = image;
        _files = Directory.EnumerateFiles(modules, "*.ko*", SearchOption.AllDirectories)
            .GroupBy(Name).ToDictionary(group => group.Key, group => group.First());
        var list = Path.Combine(modules, "modules.builtin");
        _builtIn = File.Exists(list) ? [.. File.ReadLines(list).Select(Name)] : [];
    }

    public string Version { get; }

    /// <summary>Path of the bootable image.</summary>
    public string Image { get; }

    /// <summary>Finds the newest kernel in a directory.</summary>
    /// <exception cref="NodeException">DependencyMissing.</exception>
    public static KernelTree Open(string directory)
    {
        const string prefix = "vmlinuz-";
        var boot = Path.Combine(directory, "boot");
        var images = Directory.Exists(boot) ? Directory.GetFiles(boot, prefix + "*") : [];
        foreach (var image in images.OrderDescending(StringComparer.Ordinal))
        {
            var version = Path.GetFileName(image)[prefix.Length..];
            string[] places = [Path.Combine(directory, "lib/modules", version), Path.Combine(directory, "usr/lib/modules", version)];
            if (places.FirstOrDefault(Directory.Exists) is { } modules)
                return new KernelTree(version, image, modules);
        }
        throw new NodeException(NodeErrorKind.DependencyMissing,
            $"There is no guest kernel in {directory}: looked for boot/vmlinuz-VERSION with lib/modules/VERSION or " +
            "usr/lib/modules/VERSION. On Debian: apt-get download linux-image-cloud-amd64's package " +
            $"(linux-image-VERSION-cloud-amd64), then dpkg-deb -x it into {directory}.");
    }

    /// <summary>The content of a module; null when it is part of the image.</summary>
    /// <exception cref="NodeException">DependencyMissing: the kernel has no such module.</exception>
    public async Task<byte[]?> ReadAsync(string module, string scratch, CancellationToken cancellationToken)
    {
        if (_files.TryGetValue(module, out var path))
            return await UnpackAsync(path, scratch, cancellationToken);
        return _builtIn.Contains(module) ? null : throw new NodeException(NodeErrorKind.DependencyMissing,
            $"The guest kernel {Version} has no module {module}. A linux-image-*-cloud-amd64 package of Debian has it.");
    }

    /// <summary>Modules name each other with underscores, their files have dashes too.</summary>
    private static string Name(string path) => Path.GetFileName(path).Split('.')[0].Replace('-', '_');

    private static async Task<byte[]> UnpackAsync(string path, string scratch, CancellationToken cancellationToken)
    {
        switch (Path.GetExtension(path))
        {
            case ".xz":
                var copy = Path.Combine(scratch, Path.GetFileName(path));
                File.Copy(path, copy);
                await Command.RunAsync("xz", ["-d", copy], cancellationToken);
                return await File.ReadAllBytesAsync(Path.ChangeExtension(copy, null), cancellationToken);
            case ".zst":
                return await InflateAsync(new DecompressionStream(File.OpenRead(path), leaveOpen: false), cancellationToken);
            case ".gz":
                return await InflateAsync(new GZipStream(File.OpenRead(path), CompressionMode.Decompress), cancellationToken);
            default:
                return await File.ReadAllBytesAsync(path, cancellationToken);
        }
    }

    private static async Task<byte[]> InflateAsync(Stream packed, CancellationToken cancellationToken)
    {
        await using var stream = packed;
        var content = new MemoryStream();
        await stream.CopyToAsync(content, cancellationToken);
        return content.ToArray();
    }
}
