using Hypeman.NodeRuntime.Disks;
using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Linux;
using Hypeman.Tests.Testing;

namespace Hypeman.Tests.NodeRuntime.Disks;

public sealed class OverlayDisksTests : IDisposable
{
    private const long OneGigabyte = 1024L * 1024 * 1024;

    private readonly TemporaryFolder _folder = new();
    private readonly OverlayDisks _disks = new(new OverlayDiskOptions());
    private string Disk => _folder.PathOf("overlay.ext4");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(OverlayDisks.MinBytes)]
    [InlineData(OneGigabyte)]
    [InlineData(100 * OneGigabyte)]
    public async Task A_new_disk_is_a_sound_file_system_that_takes_little_space(long sizeBytes)
    {
        await _disks.CreateAsync(Disk, sizeBytes, ownerUid: 600_000_005, Cancel);

        Assert.Equal(sizeBytes, new FileInfo(Disk).Length);
        Assert.InRange(OverlayDisks.UsedBytes(Disk), 1, 8 * 1024 * 1024);
        await Command.RunAsync("e2fsck", ["-f", "-n", Disk], Cancel);
        var header = await Command.RunAsync("dumpe2fs", ["-h", Disk], Cancel);
        Assert.Contains("has_journal", header);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Disk));
        Assert.Equal("600000005", (await Command.RunAsync("stat", ["-c", "%u", Disk], Cancel)).Trim());
    }

    [Fact]
    public async Task A_guest_has_no_tables_left_to_zero()
    {
        await _disks.CreateAsync(Disk, OneGigabyte, ownerUid: 0, Cancel);

        var groups = (await Command.RunAsync("dumpe2fs", [Disk], Cancel)).Split('\n')
            .Where(line => line.StartsWith("Group ", StringComparison.Ordinal) && line.Contains("INODE_UNINIT")).ToList();

        Assert.NotEmpty(groups);
        Assert.All(groups, group => Assert.Contains("ITABLE_ZEROED", group));
    }

    [Fact]
    public async Task A_clone_has_the_same_content_and_keeps_the_holes()
    {
        await _disks.CreateAsync(Disk, OneGigabyte, ownerUid: 0, Cancel);
        var clone = _folder.PathOf("clone.ext4");

        await _disks.CloneAsync(Disk, clone, ownerUid: 600_000_006, Cancel);

        await Command.RunAsync("cmp", [Disk, clone], Cancel);
        Assert.InRange(OverlayDisks.UsedBytes(clone), 1, OverlayDisks.UsedBytes(Disk) + 65536);
    }

    [Fact]
    public async Task A_disk_that_is_too_small_is_refused()
    {
        var refused = await Assert.ThrowsAsync<NodeException>(
            () => _disks.CreateAsync(Disk, OverlayDisks.MinBytes - 1, ownerUid: 0, Cancel));

        Assert.Equal(NodeErrorKind.Invalid, refused.Kind);
        Assert.Empty(Directory.EnumerateFiles(_folder.Path));
    }

    [Fact]
    public async Task A_host_that_is_nearly_full_makes_no_disk()
    {
        var wary = new OverlayDisks(new OverlayDiskOptions { MinFreeBytes = long.MaxValue });

        var refused = await Assert.ThrowsAsync<NodeException>(
            () => wary.CreateAsync(Disk, OneGigabyte, ownerUid: 0, Cancel));

        Assert.Equal(NodeErrorKind.InsufficientResources, refused.Kind);
        Assert.Empty(Directory.EnumerateFiles(_folder.Path));
    }

    [Fact]
    [Trait("Category", "Vm")]
    public async Task A_host_that_fills_up_meanwhile_is_left_without_half_a_disk()
    {
        await using var disk = await SmallDisk.OverAsync(_folder.Path, "256k");
        var bold = new OverlayDisks(new OverlayDiskOptions { MinFreeBytes = 0 });

        var refused = await Assert.ThrowsAsync<NodeException>(
            () => bold.CreateAsync(Disk, OneGigabyte, ownerUid: 0, Cancel));

        Assert.Equal(NodeErrorKind.InsufficientResources, refused.Kind);
        Assert.Empty(Directory.EnumerateFiles(_folder.Path));
    }
}
