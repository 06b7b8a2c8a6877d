using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Guest;
using Hypeman.NodeRuntime.Linux;

namespace Hypeman.Tests.NodeRuntime.Guest;

public sealed class GuestSystemTests : IDisposable
{
    private const string Version = "6.1.0-1-test";
    private readonly string _directory = Directory.CreateTempSubdirectory("hypeman-system-test-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task A_missing_kernel_is_said_with_what_provides_one()
    {
        var missing = await Assert.ThrowsAsync<NodeException>(BuildAsync);
        Assert.Equal(NodeErrorKind.DependencyMissing, missing.Kind);
        Assert.Contains("linux-image", missing.Message);
        Assert.Contains(At("kernel"), missing.Message);
    }

    [Fact]
    public async Task A_missing_guest_binary_is_said_with_how_it_is_made()
    {
        MakeKernel();
        var missing = await Assert.ThrowsAsync<NodeException>(BuildAsync);
        Assert.Equal(NodeErrorKind.DependencyMissing, missing.Kind);
        Assert.Contains("dotnet publish src/GuestAgent", missing.Message);
    }

    [Fact]
    public async Task A_kernel_without_a_module_that_guests_need_is_refused()
    {
        MakeKernel(builtIn: ["virtio"]);
        File.WriteAllText(At("guest"), "binary");
        var missing = await Assert.ThrowsAsync<NodeException>(BuildAsync);
        Assert.Contains("virtio_pci", missing.Message);
    }

    [Fact]
    public async Task The_same_parts_make_the_same_file_and_others_another()
    {
        MakeKernel();
        File.WriteAllText(At("guest"), "binary");
        var first = await BuildAsync();
        Assert.Equal((At($"kernel/boot/vmlinuz-{Version}"), Version), (first.Kernel, first.KernelVersion));
        Assert.Equal(first, await BuildAsync());
        File.WriteAllText(At("guest"), "another");
        Assert.NotEqual(first.Initramfs, (await BuildAsync()).Initramfs);
    }

    [Fact]
    public async Task What_was_made_of_former_parts_goes_and_all_else_stays()
    {
        MakeKernel();
        File.WriteAllText(At("guest"), "binary");
        await BuildAsync();
        foreach (var name in new[] { "vmlinux-of-a-kernel-before", "initramfs-1.cpio.half.tmp", "accelerator" })
            File.WriteAllText(At($"cache/{name}"), "");
        File.WriteAllText(At("guest"), "another");

        var second = await BuildAsync();
        Assert.Equal([At("cache/accelerator"), second.Initramfs], Directory.GetFileSystemEntries(At("cache")).Order());
    }

    [Fact]
    public async Task What_another_is_just_making_of_the_same_parts_stays()
    {
        MakeKernel();
        File.WriteAllText(At("guest"), "binary");
        var half = (await BuildAsync()).Initramfs + ".half.tmp";
        File.WriteAllText(half, "");

        await BuildAsync();
        Assert.True(File.Exists(half));
    }

    [Fact]
    public async Task The_initial_file_system_is_an_archive_with_init_and_console()
    {
        MakeKernel();
        File.WriteAllText(At("guest"), "binary");
        var files = await BuildAsync();
        if (Executables.TryFind("cpio") is null)
            Assert.Skip("cpio is not installed");
        var listing = await Command.RunAsync("sh", ["-c", $"cpio -itv < {files.Initramfs}"], CancellationToken.None);
        Assert.Matches("-rwxr-xr-x +1 root +root +6 .* init\n", listing);
        Assert.Matches("crw------- +1 root +root +5, +1 .* dev/console\n", listing);
    }

    [Theory]
    [InlineData(new byte[0])]
    [InlineData(new byte[] { 0x7f, (byte)'E', (byte)'L', (byte)'F', 2, 1 })]
    public async Task A_file_that_is_no_module_is_refused(byte[] content)
    {
        MakeKernel();
        Directory.CreateDirectory(At($"kernel/lib/modules/{Version}/kernel"));
        File.WriteAllBytes(At($"kernel/lib/modules/{Version}/kernel/overlay.ko"), content);
        File.WriteAllText(At("guest"), "binary");
        await Assert.ThrowsAsync<InvalidDataException>(BuildAsync);
    }

    private string At(string path) => Path.Combine(_directory, path);

    private Task<GuestSystemFiles> BuildAsync() => new GuestSystem(new GuestSystemOptions
    {
        KernelDirectory = At("kernel"),
        GuestBinary = At("guest"),
        CacheDirectory = At("cache"),
    }).EnsureAsync(CancellationToken.None);

    /// <summary>A kernel that has all modules built in.</summary>
    private void MakeKernel(string[]? builtIn = null)
    {
        builtIn ??= ["virtio", "virtio_pci", "virtio_mmio", "virtio_blk", "virtio_console", "erofs", "overlay", "virtio_net"];
        Directory.CreateDirectory(At("kernel/boot"));
        File.WriteAllText(At($"kernel/boot/vmlinuz-{Version}"), "kernel");
        Directory.CreateDirectory(At($"kernel/lib/modules/{Version}"));
        File.WriteAllLines(At($"kernel/lib/modules/{Version}/modules.builtin"), builtIn.Select(name => $"kernel/drivers/{name}.ko"));
    }
}
