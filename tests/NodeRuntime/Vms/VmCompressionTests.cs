using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Linux;
using Hypeman.NodeRuntime.Memory.Compression;
using Hypeman.NodeRuntime.Vms;
using Hypeman.Tests.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Hypeman.Tests.NodeRuntime.Vms;

/// <summary>A memory that rests is packed in the background, and whoever needs it has it.</summary>
[Trait("Category", "Vm")]
public sealed class VmCompressionTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData(CompressionAlgorithm.Zstd, 1)]
    [InlineData(CompressionAlgorithm.Lz4, 0)]
    public async Task A_guest_goes_on_from_a_packed_memory_again_and_again(CompressionAlgorithm algorithm, int level)
    {
        await using var vms = await TestVms.CreateAsync();
        await using var compressor = Compressor(vms);
        var spec = SleepingVms.Counting();
        await vms.RunAsync(spec);
        for (var round = 0; round < 2; round++)
        {
            var counted = await vms.CountAsync(spec.Id);
            var saved = (await vms.StandbyAsync(spec.Id)).Saved!;
            await vms.Host.CompressAsync(spec.Id, 1, new CompressionSpec(algorithm, level), CancellationToken.None);
            var status = await PackedAsync(vms);
            Assert.True(status.CompressedBytes < status.UncompressedBytes * 3 / 4, $"{status.CompressedBytes} of {status.UncompressedBytes} bytes are left");
            Assert.InRange(status.UncompressedBytes!.Value, saved.BaseBytes, saved.BaseBytes + (1 << 20));

            var awake = await vms.WakeAsync(spec.Id);
            Assert.InRange(await vms.CountAsync(spec.Id), counted, counted + 1000);
            TestContext.Current.TestOutputHelper!.WriteLine($"{status.CompressedBytes} of {status.UncompressedBytes}: {string.Join(", ", awake.Timings)}");
        }
    }

    [Fact]
    public async Task What_is_needed_before_its_time_is_not_packed()
    {
        await using var vms = await TestVms.CreateAsync();
        await using var compressor = Compressor(vms);
        var spec = SleepingVms.Counting();
        await vms.RunAsync(spec);
        await vms.StandbyAsync(spec.Id);
        await vms.Host.CompressAsync(spec.Id, 1, new CompressionSpec(CompressionAlgorithm.Zstd, 1, TimeSpan.FromHours(1)), CancellationToken.None);

        await vms.WakeAsync(spec.Id);
        await vms.StandbyAsync(spec.Id);
        Assert.Equal(CompressionState.Compressing, Status(vms).State);
        await vms.Host.CompressAsync(spec.Id, 1, new CompressionSpec(CompressionAlgorithm.Lz4, 0), CancellationToken.None);

        Assert.Equal(CompressionAlgorithm.Lz4, (await PackedAsync(vms)).Spec!.Algorithm);
        await vms.WakeAsync(spec.Id);
    }

    [Fact]
    public async Task A_wish_is_found_again_after_we_were_killed_and_half_of_a_packed_file_is_not_taken_for_one()
    {
        await using var vms = await TestVms.CreateAsync();
        var spec = SleepingVms.Counting();
        await vms.RunAsync(spec);
        var counted = await vms.CountAsync(spec.Id);
        await vms.StandbyAsync(spec.Id);
        await vms.Host.CompressAsync(spec.Id, 1, new CompressionSpec(CompressionAlgorithm.Zstd, 1), CancellationToken.None);
        await File.WriteAllTextAsync(Path.Combine(Folder(vms), "packed.part"), "half", TestContext.Current.CancellationToken);

        await vms.RestartAsync();
        await using var compressor = Compressor(vms);
        await PackedAsync(vms);

        Assert.Equal(["compression.json", "digests.json", "packed"], FilesOf(vms));
        await vms.WakeAsync(spec.Id);
        Assert.InRange(await vms.CountAsync(spec.Id), counted, counted + 1000);
    }

    [Theory]
    [InlineData("it was packed")]
    [InlineData("it was being unpacked")]
    [InlineData("it was unpacked")]
    public async Task It_wakes_after_we_were_killed_when(string moment)
    {
        await using var vms = await TestVms.CreateAsync();
        var compressor = Compressor(vms);
        var (spec, counted) = await SleepAsync(vms);
        using var copy = new TemporaryFolder();
        await Command.RunAsync("cp", ["-a", "--sparse=always", Path.Combine(Folder(vms), "pages"), copy.Path], CancellationToken.None);
        await vms.Host.CompressAsync(spec.Id, 1, new CompressionSpec(CompressionAlgorithm.Zstd, 1), CancellationToken.None);
        await PackedAsync(vms);
        await compressor.DisposeAsync();
        await vms.CloseAsync();
        if (moment == "it was being unpacked")
            await Command.RunAsync("truncate", ["-s", "1M", copy.PathOf("pages")], CancellationToken.None);
        var left = Path.Combine(Folder(vms), moment == "it was packed" ? "pages" : "pages.filling");
        await Command.RunAsync("cp", ["-a", "--sparse=always", copy.PathOf("pages"), left], CancellationToken.None);

        await vms.OpenAsync();
        await vms.WakeAsync(spec.Id);

        Assert.InRange(await vms.CountAsync(spec.Id), counted, counted + 1000);
        await Until.True(
            () => FilesOf(vms).SequenceEqual(["compression.json", "digests.json", "packed", "pages"]), Patience, "only whole files are left");
    }

    [Fact]
    public async Task A_disk_that_is_full_while_it_is_packed_leaves_it_as_it_was()
    {
        await using var disk = await SmallDisk.MountAsync("4g");
        await using var vms = await TestVms.CreateAsync(made => made.Disks.MinFreeBytes = 0, disk.PathOf("node"));
        await using var compressor = Compressor(vms);
        var (spec, counted) = await SleepAsync(vms);
        await disk.LeaveAsync(1 << 20);

        await vms.Host.CompressAsync(spec.Id, 1, new CompressionSpec(CompressionAlgorithm.Zstd, 1), CancellationToken.None);

        await Until.True(() => Status(vms).State == CompressionState.Error, Patience, "the compression has failed");
        Assert.Contains("full", Status(vms).Error);
        Assert.Equal(["compression.json", "digests.json", "pages"], FilesOf(vms));
        await disk.ResizeAsync("4g");
        await vms.WakeAsync(spec.Id);
        Assert.InRange(await vms.CountAsync(spec.Id), counted, counted + 1000);
        await vms.StandbyAsync(spec.Id);
        await vms.Host.CompressAsync(spec.Id, 1, new CompressionSpec(CompressionAlgorithm.Zstd, 1), CancellationToken.None);
        await PackedAsync(vms);
    }

    [Fact]
    public async Task A_disk_that_is_full_while_it_is_unpacked_leaves_it_asleep_until_there_is_room()
    {
        await using var disk = await SmallDisk.MountAsync("4g");
        await using var vms = await TestVms.CreateAsync(made => made.Disks.MinFreeBytes = 0, disk.PathOf("node"));
        await using var compressor = Compressor(vms);
        var (spec, counted) = await SleepAsync(vms);
        await vms.Host.CompressAsync(spec.Id, 1, new CompressionSpec(CompressionAlgorithm.Zstd, 1), CancellationToken.None);
        await PackedAsync(vms);
        await disk.LeaveAsync(4 << 20);

        var error = await Assert.ThrowsAsync<NodeException>(() => vms.WakeAsync(spec.Id));

        Assert.Equal((NodeErrorKind.InsufficientResources, VmPhase.Standby), (error.Kind, vms.Host.Find(spec.Id)!.Phase));
        Assert.Empty(vms.Processes(spec.Id));
        Assert.Equal(["compression.json", "digests.json", "packed"], FilesOf(vms));
        await disk.ResizeAsync("4g");
        await vms.WakeAsync(spec.Id);
        Assert.InRange(await vms.CountAsync(spec.Id), counted, counted + 1000);
    }

    [Fact]
    public async Task Copies_that_wake_at_once_from_one_packed_memory_share_what_is_unpacked()
    {
        await using var vms = await TestVms.CreateAsync();
        await using var compressor = Compressor(vms);
        var spec = SleepingVms.Counting();
        await vms.RunAsync(spec);
        await vms.StandbyAsync(spec.Id);
        var copies = new List<VmSpec>();
        for (var copy = 0; copy < 3; copy++)
        {
            copies.Add(spec with { Id = TestVms.NewId() });
            await vms.Host.ForkAsync(copies[^1], ForkSource.Vm(spec.Id, 1), withMemory: true, CancellationToken.None);
        }
        await vms.Host.CompressAsync(spec.Id, 1, new CompressionSpec(CompressionAlgorithm.Zstd, 1), CancellationToken.None);
        await PackedAsync(vms);

        await Task.WhenAll(copies.Select(copy => vms.WakeAsync(copy.Id)));

        foreach (var copy in copies)
            Assert.True(await vms.CountAsync(copy.Id) > 0);
        Assert.True(File.Exists(Path.Combine(Folder(vms), "pages")));
    }

    [Fact]
    public async Task A_damaged_packed_memory_is_refused_and_nothing_runs()
    {
        await using var vms = await TestVms.CreateAsync();
        await using var compressor = Compressor(vms);
        var spec = SleepingVms.Counting();
        await vms.RunAsync(spec);
        await vms.StandbyAsync(spec.Id);
        await vms.Host.CompressAsync(spec.Id, 1, new CompressionSpec(CompressionAlgorithm.Zstd, 1), CancellationToken.None);
        await PackedAsync(vms);
        var packed = Path.Combine(Folder(vms), "packed");
        using (var file = File.OpenHandle(packed, FileMode.Open, FileAccess.ReadWrite))
            RandomAccess.Write(file, new byte[64], RandomAccess.GetLength(file) / 2);

        var refused = await Assert.ThrowsAsync<NodeException>(() => vms.WakeAsync(spec.Id));

        Assert.Contains("damaged", refused.Message, StringComparison.Ordinal);
        Assert.Equal(VmPhase.Standby, vms.Host.Find(spec.Id)!.Phase);
        Assert.Empty(vms.Processes(spec.Id));
        await Until.True(() => !File.Exists(Path.Combine(Folder(vms), "pages.filling")), Patience, "what was unpacked is gone");
    }

    private static MemoryCompressor Compressor(TestVms vms) => new(vms.Context.Memory, TimeProvider.System, NullLogger.Instance);

    private static string Folder(TestVms vms) => Assert.Single(Directory.EnumerateDirectories(vms.Layout.Memory));

    private static IEnumerable<string?> FilesOf(TestVms vms) => Directory.EnumerateFiles(Folder(vms)).Select(Path.GetFileName).Order();

    private static async Task<(VmSpec Spec, int Counted)> SleepAsync(TestVms vms)
    {
        var spec = SleepingVms.Counting();
        await vms.RunAsync(spec);
        var counted = await vms.CountAsync(spec.Id);
        await vms.StandbyAsync(spec.Id);
        return (spec, counted);
    }

    private static CompressionStatus Status(TestVms vms) => vms.Context.Memory.StatusOf(Path.GetFileName(Folder(vms)));

    private static async Task<CompressionStatus> PackedAsync(TestVms vms)
    {
        await Until.True(
            () => Status(vms).State == CompressionState.Compressed && !File.Exists(Path.Combine(Folder(vms), "pages")), Patience, "the memory is packed");
        // Takes its turn after what is still being tidied up: the kernel may be at freeing the pages.
        _ = vms.Context.Memory.NextToPack();
        return Status(vms);
    }
}
