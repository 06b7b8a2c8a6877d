using System.Security.Cryptography;
using Hypeman.NodeRuntime.Disks;
using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Linux;
using Hypeman.NodeRuntime.Nodes;
using Hypeman.NodeRuntime.Vms;
using Hypeman.NodeRuntime.Vms.Transfer;
using Hypeman.Tests.Testing;
using Microsoft.Extensions.Time.Testing;

namespace Hypeman.Tests.NodeRuntime.Vms.Transfer;

/// <summary>What is kept of a VM goes from one host to another: every byte of it, holes as holes, whatever happens on the way.</summary>
public sealed class VmTransferTests : IAsyncLifetime
{
    private const int Chunk = VmFile.ChunkBytes;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private RestingVms _from = null!;
    private RestingVms _to = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;
    private VmLayout From => _from.Layout.Vm("resting");
    private VmLayout To => _to.Layout.Vm("resting");

    public async ValueTask InitializeAsync()
    {
        _from = await RestingVms.OpenAsync();
        _to = await RestingVms.OpenAsync();
        await _from.AddAsync(RestingVms.Spec(epoch: 3), Fill);
    }

    public async ValueTask DisposeAsync()
    {
        await _from.DisposeAsync();
        await _to.DisposeAsync();
    }

    [Fact]
    public async Task It_rests_there_as_it_rested_here()
    {
        var status = await ReceiveAsync(_to, new TestSource(_from.Host, "resting", 4));

        Assert.Equal(
            (4, 1, VmPhase.Stopped, true, 7, "exit code 7", DateTimeOffset.UnixEpoch),
            (status.Epoch, status.Boot, status.Phase, status.HasRun, status.ExitCode, status.ExitMessage, status.ExitedAt));
        AssertSame();
        Assert.InRange(OverlayDisks.UsedBytes(To.OverlayDisk), 1, OverlayDisks.UsedBytes(From.OverlayDisk));
        Assert.Equal("a line", File.ReadAllText(To.ConsoleLog));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(To.OverlayDisk));
        await _to.RestartAsync();
        Assert.Equal(VmPhase.Stopped, _to.Host.Find("resting")!.Phase);
    }

    [Fact]
    public async Task Repeating_it_fetches_nothing()
    {
        await ReceiveAsync(_to, new TestSource(_from.Host, "resting", 4));
        var again = new TestSource(_from.Host, "resting", 4);

        Assert.Equal(VmPhase.Stopped, (await ReceiveAsync(_to, again)).Phase);

        Assert.Empty(again.Asked);
    }

    [Fact]
    public async Task Once_it_is_handed_over_its_earlier_owner_is_refused_also_after_a_restart()
    {
        await _from.Host.HandOverAsync("resting", 4, Cancel);
        await _from.RestartAsync();

        await AssertRefusedAsync(NodeErrorKind.Fenced, () => _from.Host.StartAsync(RestingVms.Spec(epoch: 3, boot: 2), Cancel));
        await AssertRefusedAsync(NodeErrorKind.Fenced, () => _from.Host.HandOverAsync("resting", 3, Cancel));
        Assert.Equal(4, _from.Host.Find("resting")!.Epoch);
    }

    [Theory]
    [InlineData(4, 2)]
    [InlineData(5, 0)] // Of another move: what came for this one does not count.
    public async Task A_receiver_that_was_restarted_goes_on_where_it_was(long epoch, int kept)
    {
        var all = (await _from.Host.HandOverAsync("resting", 4, Cancel)).Files.Sum(file => file.Chunks.Count);
        using var left = new CancellationTokenSource();
        var cut = new TestSource(_from.Host, "resting", 4);
        cut.OnTheWay = chunk =>
        {
            if (cut.Asked.Count == 3)
                left.Cancel();
            return left.IsCancellationRequested ? throw new IOException("cut") : chunk;
        };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _to.Host.ReceiveAsync(RestingVms.Spec(4), cut, () => { }, left.Token));
        await _to.RestartAsync();
        Assert.Equal((VmPhase.Arriving, 4), (_to.Host.Find("resting")!.Phase, _to.Host.Find("resting")!.Epoch));
        await AssertRefusedAsync(NodeErrorKind.WrongPhase, () => _to.Host.StartAsync(RestingVms.Spec(4, boot: 2), Cancel));
        await AssertRefusedAsync(NodeErrorKind.WrongPhase, () => _to.Host.HandOverAsync("resting", 4, Cancel));

        var source = new TestSource(_from.Host, "resting", epoch);
        await ReceiveAsync(_to, source, epoch);

        AssertSame();
        Assert.Equal((3, all - kept), (cut.Asked.Count, source.Asked.Count));
    }

    [Fact]
    public async Task A_connection_that_is_cut_and_a_chunk_that_is_damaged_cost_another_try()
    {
        var source = new TestSource(_from.Host, "resting", 4);
        var heard = 0;
        source.OnTheWay = chunk => source.Asked.Count switch
        {
            1 => throw new IOException("cut"),
            2 => chunk[..^1],
            3 => new byte[chunk.Length],
            _ => chunk,
        };

        await _to.Host.ReceiveAsync(RestingVms.Spec(4), source, () => heard++, Cancel);

        AssertSame();
        Assert.Equal(source.Asked.Count - 3 + 1, heard);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_source_that_stays_silent_or_wrong_is_given_up_and_what_came_is_no_vm(bool isSilent)
    {
        var time = new FakeTimeProvider();
        await using var to = await RestingVms.OpenAsync(time);
        var source = new TestSource(_from.Host, "resting", 4) { OnTheWay = chunk => isSilent ? throw new IOException("cut") : new byte[chunk.Length] };

        var receiving = to.Host.ReceiveAsync(RestingVms.Spec(4), source, () => { }, Cancel);
        await Until.True(
            () =>
            {
                time.Advance(TimeSpan.FromSeconds(1));
                return receiving.IsCompleted;
            },
            Patience, "the source is given up");

        var error = await Assert.ThrowsAsync<NodeException>(() => receiving);
        Assert.Equal(NodeErrorKind.Unavailable, error.Kind);
        Assert.Contains(isSilent ? "cut" : "something else", error.Message, StringComparison.Ordinal);
        Assert.Equal(VmPhase.Arriving, to.Host.Find("resting")!.Phase);
    }

    [Fact]
    public async Task Data_where_the_source_has_a_hole_is_found_at_the_end()
    {
        var source = new TestSource(_from.Host, "resting", 4);
        source.OnTheWay = chunk =>
        {
            if (source.Asked.Count == 1)
            {
                using var disk = File.OpenHandle(To.OverlayDisk, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
                RandomAccess.Write(disk, "stray"u8, 30L * Chunk);
            }
            return chunk;
        };

        await AssertRefusedAsync(NodeErrorKind.Unavailable, () => ReceiveAsync(_to, source));
        Assert.Equal(VmPhase.Arriving, _to.Host.Find("resting")!.Phase);

        await ReceiveAsync(_to, source);
        AssertSame();
    }

    [Fact]
    public async Task A_host_without_room_takes_nothing()
    {
        await using var full = await RestingVms.OpenAsync(minFreeBytes: 1L << 60);

        await AssertRefusedAsync(
            NodeErrorKind.InsufficientResources, () => ReceiveAsync(full, new TestSource(_from.Host, "resting", 4)));

        Assert.False(File.Exists(full.Layout.Vm("resting").OverlayDisk));
    }

    [Fact]
    public async Task A_copy_of_an_earlier_stay_is_replaced()
    {
        await _to.AddAsync(RestingVms.Spec(epoch: 2), vm => File.WriteAllBytes(vm.OverlayDisk, RandomNumberGenerator.GetBytes(Chunk * 2)));

        await ReceiveAsync(_to, new TestSource(_from.Host, "resting", 4));

        AssertSame();
    }

    [Theory]
    [InlineData("ledger.json")]
    [InlineData("../resting/ledger.json")]
    [InlineData("/etc/passwd")]
    [InlineData("")]
    public async Task Only_what_is_kept_is_given_away(string file) =>
        await AssertRefusedAsync(NodeErrorKind.Invalid, () => _from.Host.ReadChunkAsync("resting", file, 0, Cancel));

    [Theory]
    [InlineData(-1)]
    [InlineData(1000)]
    [InlineData(long.MaxValue)]
    public async Task A_chunk_that_is_not_there_is_not_found(long chunk) =>
        await AssertRefusedAsync(NodeErrorKind.NotFound, () => _from.Host.ReadChunkAsync("resting", "overlay.ext4", chunk, Cancel));

    [Fact]
    public async Task A_vm_that_is_not_here_is_not_found()
    {
        await AssertRefusedAsync(NodeErrorKind.NotFound, () => _from.Host.HandOverAsync("nobody", 4, Cancel));
        await AssertRefusedAsync(NodeErrorKind.NotFound, () => _from.Host.ReadChunkAsync("../resting", "overlay.ext4", 0, Cancel));
        await AssertRefusedAsync(NodeErrorKind.NotFound, () => ReceiveAsync(_to, new TestSource(_from.Host, "nobody", 4)));
    }

    /// <summary>A disk with data at its beginning, across a border of chunks, alone in the middle, and in its last byte.</summary>
    private static void Fill(VmLayout vm)
    {
        SparseFile.Create(vm.OverlayDisk, (40L * Chunk) + 5000);
        using var disk = File.OpenHandle(vm.OverlayDisk, FileMode.Open, FileAccess.Write);
        RandomAccess.Write(disk, RandomNumberGenerator.GetBytes(100_000), 0);
        RandomAccess.Write(disk, RandomNumberGenerator.GetBytes(300_000), (5L * Chunk) - 150_000);
        RandomAccess.Write(disk, RandomNumberGenerator.GetBytes(1), (20L * Chunk) + 777);
        RandomAccess.Write(disk, new byte[Chunk], 25L * Chunk);
        RandomAccess.Write(disk, [1], (40L * Chunk) + 4999);
        File.WriteAllText(vm.ConsoleLog, "a line");
    }

    private static Task<VmStatus> ReceiveAsync(RestingVms host, IVmSource source, long epoch = 4) =>
        host.Host.ReceiveAsync(RestingVms.Spec(epoch), source, () => { }, Cancel);

    private void AssertSame()
    {
        using var from = File.OpenRead(From.OverlayDisk);
        using var to = File.OpenRead(To.OverlayDisk);
        Assert.Equal(from.Length, to.Length);
        Assert.Equal(SHA256.HashData(from), SHA256.HashData(to));
    }

    private static async Task AssertRefusedAsync(NodeErrorKind kind, Func<Task> order) =>
        Assert.Equal(kind, (await Assert.ThrowsAsync<NodeException>(order)).Kind);
}
