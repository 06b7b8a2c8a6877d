using System.Security.Cryptography;
using System.Text;
using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Linux;

namespace Hypeman.NodeRuntime.Guest;

/// <summary>
/// Makes the initial file system: the guest binary as <c>/init</c>, and the modules that a guest needs, unpacked
/// (the guest would take four times as long for it), in <c>/modules/list</c> as lines "stage file" in loading order.
/// Also unpacks the kernel.
/// </summary>
internal static class GuestSystemBuilder
{
    private const string Archives = "initramfs-", Kernels = "vmlinux-";

    /// <summary>Init loads a stage when it needs it; a module is listed under the first stage that does.</summary>
    private static readonly (string Stage, string[] Modules)[] Stages =
    [
        ("core", ["virtio"]),
        ("pci", ["virtio_pci"]),
        ("mmio", ["virtio_mmio"]),
        ("base", ["virtio_blk", "virtio_console"]),
        ("root", ["erofs", "overlay"]),
        ("net", ["virtio_net"]),
    ];

    public static async Task<GuestSystemFiles> BuildAsync(GuestSystemOptions options, CancellationToken cancellationToken)
    {
        var kernel = KernelTree.Open(options.KernelDirectory);
        if (!File.Exists(options.GuestBinary))
            throw new NodeException(NodeErrorKind.DependencyMissing,
                $"The guest binary is not at {options.GuestBinary}. Publish it there: dotnet publish src/GuestAgent -c Release " +
                "-r linux-x64 (needs gcc and libc6-dev).");

        Directory.CreateDirectory(options.CacheDirectory);
        var archive = await ArchiveAsync(kernel, options, cancellationToken);
        var path = Path.Combine(options.CacheDirectory, $"{Archives}{Hash(archive)}.cpio");
        if (!File.Exists(path))
            AtomicFile.Write(path, archive, FileModes.Readable);
        var image = await UnpackAsync(kernel, options.CacheDirectory, cancellationToken);
        Sweep(options.CacheDirectory, [path, image]);
        return new GuestSystemFiles(image, path, kernel.Version);
    }

    /// <summary>Removes what was made of former parts. VMs that run have theirs open, and what sleeps wakes without it.</summary>
    private static void Sweep(string cache, string[] kept)
    {
        var former = new[] { Archives, Kernels }
            .SelectMany(prefix => Directory.EnumerateFiles(cache, prefix + "*"))
            // Who makes the same at the same time writes it under a longer name first.
            .Where(path => !Array.Exists(kept, name => path.StartsWith(name, StringComparison.Ordinal)))
            .ToList();
        foreach (var path in former)
            File.Delete(path);
    }

    /// <summary>The kernel as it is, where it cannot be started unpacked.</summary>
    private static async Task<string> UnpackAsync(KernelTree kernel, string cache, CancellationToken cancellationToken)
    {
        var image = await File.ReadAllBytesAsync(kernel.Image, cancellationToken);
        var path = Path.Combine(cache, $"{Kernels}{Hash(image)}");
        if (File.Exists(path))
            return path;
        if (KernelImage.Unpack(image) is not { } unpacked)
            return kernel.Image;
        AtomicFile.Write(path, unpacked, FileModes.Readable);
        return path;
    }

    private static string Hash(ReadOnlySpan<byte> content) => Convert.ToHexStringLower(SHA256.HashData(content))[..32];

    private static async Task<byte[]> ArchiveAsync(
        KernelTree kernel, GuestSystemOptions options, CancellationToken cancellationToken)
    {
        var modules = await ModulesAsync(kernel, options.CacheDirectory, cancellationToken);
        var binary = await File.ReadAllBytesAsync(options.GuestBinary, cancellationToken);
        using var output = new MemoryStream();
        var cpio = new CpioWriter(output);
        cpio.Directory("dev");
        // The kernel opens it for init before anything is mounted.
        cpio.CharacterDevice("dev/console", 5, 1);
        foreach (var folder in new[] { "proc", "sys", "modules", "root", "overlay", "newroot" })
            cpio.Directory(folder);
        cpio.File("init", FileModes.Executable, binary);
        foreach (var (_, name, content) in modules)
            cpio.File($"modules/{name}", FileModes.Readable, content);
        var list = string.Concat(modules.Select(module => $"{module.Stage} {module.Name}\n"));
        cpio.File("modules/list", FileModes.Readable, Encoding.ASCII.GetBytes(list));
        cpio.End();
        return output.ToArray();
    }

    private static async Task<List<(string Stage, string Name, byte[] Content)>> ModulesAsync(
        KernelTree kernel, string cache, CancellationToken cancellationToken)
    {
        var scratch = Directory.CreateDirectory(Path.Combine(cache, $"modules-{Guid.NewGuid():N}")).FullName;
        try
        {
            var loaded = new List<(string, string, byte[])>();
            var seen = new HashSet<string>();
            foreach (var (stage, modules) in Stages)
            {
                foreach (var module in modules)
                    await AddAsync(module);

                async Task AddAsync(string module)
                {
                    if (!seen.Add(module) || await kernel.ReadAsync(module, scratch, cancellationToken) is not { } content)
                        return;
                    foreach (var dependency in ModuleInfo.Dependencies(content))
                        await AddAsync(dependency.Replace('-', '_'));
                    loaded.Add((stage, module, content));
                }
            }
            return loaded;
        }
        finally
        {
            Directory.Delete(scratch, recursive: true);
        }
    }
}
