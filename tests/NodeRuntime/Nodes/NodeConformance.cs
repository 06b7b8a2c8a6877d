using Hypeman.GuestProtocol.Messages;
using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Nodes;
using Hypeman.NodeRuntime.Snapshots;
using Hypeman.NodeRuntime.Vms;
using Hypeman.Tests.NodeRuntime.Vms.Transfer;

namespace Hypeman.Tests.NodeRuntime.Nodes;

/// <summary>
/// What whoever uses an <see cref="INode"/> relies on. It holds for the real one and for the simulated one alike; where
/// it fails for one of them, tests above that one prove nothing.
/// </summary>
public abstract partial class NodeConformance : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(20);

    private readonly string _id = "c" + Guid.NewGuid().ToString("N")[..23];

    private protected abstract INode Node { get; }

    /// <summary>A second one, made when it is asked for; it holds the image too.</summary>
    private protected abstract Task<INode> OtherAsync();

    /// <summary>Digest of an image whose root is on the node.</summary>
    private protected abstract string RootDigest { get; }

    /// <summary>A program that runs until it is stopped, or until <see cref="ExitAsync"/>.</summary>
    private protected abstract IReadOnlyList<string> Program { get; }

    public abstract ValueTask InitializeAsync();

    public abstract ValueTask DisposeAsync();

    /// <summary>Has the program of a VM that runs end by itself.</summary>
    private protected abstract Task ExitAsync(string vmId, int code);

    private VmSpec Spec => new()
    {
        Id = _id,
        Epoch = 3,
        Boot = 1,
        Vcpus = 1,
        MemoryBytes = 256L << 20,
        OverlayBytes = 64L << 20,
        RootDigest = RootDigest,
        Hostname = "conforming",
        Program = new GuestProgram { Arguments = Program },
    };

    [Fact]
    public void Facts_tell_what_a_scheduler_needs()
    {
        Assert.NotEmpty(Node.Facts.NodeId);
        Assert.NotEmpty(Node.Facts.Hypervisors);
        Assert.Contains(Node.Facts.Accelerator, (string[])["kvm", "tcg"]);
        Assert.StartsWith("linux/", Node.Facts.Platform);
        Assert.True(Node.Facts is { Cpus: > 0, MemoryBytes: > 0, DiskBytes: > 0 });
    }

    [Fact]
    public async Task A_started_vm_becomes_ready_and_starting_it_again_starts_nothing()
    {
        var started = await StartAsync(Spec);
        Assert.True(started.Phase is VmPhase.Booting or VmPhase.Running);
        Assert.Equal((_id, 3, 1), (started.Id, started.Epoch, started.Boot));
        Assert.True(started.HasRun);

        var running = await ReachAsync(VmPhase.Running);
        Assert.NotNull(running.Ip);
        Assert.NotNull(running.Mac);
        Assert.NotNull(running.StartedAt);
        Assert.Null(running.ExitCode);

        var again = await StartAsync(Spec);
        Assert.Equal((VmPhase.Running, 1, running.StartedAt), (again.Phase, again.Boot, again.StartedAt));
        Assert.Single(Node.Vms.List());
    }

    [Fact]
    public async Task A_stop_can_be_repeated_and_the_next_boot_keeps_the_address()
    {
        await StartAsync(Spec);
        var first = await ReachAsync(VmPhase.Running);
        var stopped = await StopAsync(3);
        Assert.Equal((VmPhase.Stopped, 1), (stopped.Phase, stopped.Boot));
        Assert.NotNull(stopped.ExitedAt);
        Assert.Equal(VmPhase.Stopped, (await StopAsync(3)).Phase);

        await StartAsync(Spec with { Boot = 2 });
        var second = await ReachAsync(VmPhase.Running);
        Assert.Equal((2, first.Ip, first.Mac), (second.Boot, second.Ip, second.Mac));
        Assert.Null(second.ExitCode);
    }

    [Fact]
    public async Task The_end_of_a_program_is_told_with_its_code()
    {
        await StartAsync(Spec);
        await ReachAsync(VmPhase.Running);
        var ended = ReachAsync(VmPhase.Stopped);
        await ExitAsync(_id, 7);
        Assert.Equal((7, "exit code 7"), ((await ended).ExitCode, (await ended).ExitMessage));
        Assert.Equal(7, Node.Vms.Find(_id)!.ExitCode);
    }

    [Fact]
    public async Task Orders_of_an_earlier_owner_are_refused_and_those_of_a_later_one_are_obeyed()
    {
        await StartAsync(Spec);
        Assert.Equal(4, (await StartAsync(Spec with { Epoch = 4 })).Epoch);
        await AssertRefusedAsync(NodeErrorKind.Fenced, () => StartAsync(Spec));
        await AssertRefusedAsync(NodeErrorKind.Fenced, () => StopAsync(3));
        await AssertRefusedAsync(NodeErrorKind.Fenced, () => Node.Vms.DeleteAsync(_id, 3, CancellationToken.None));
        Assert.NotEqual(VmPhase.Stopped, Node.Vms.Find(_id)!.Phase);
        Assert.Equal(4, Node.Vms.Find(_id)!.Epoch);
    }

    [Fact]
    public async Task A_delete_leaves_nothing_and_can_be_repeated()
    {
        await Node.Vms.DeleteAsync(_id, 3, CancellationToken.None);
        await StartAsync(Spec);
        await Node.Vms.DeleteAsync(_id, 3, CancellationToken.None);
        await Node.Vms.DeleteAsync(_id, 3, CancellationToken.None);
        Assert.Null(Node.Vms.Find(_id));
        Assert.Empty(Node.Vms.List());
        await AssertRefusedAsync(NodeErrorKind.NotFound, () => StopAsync(3));
    }

    [Fact]
    public async Task A_vm_at_rest_moves_and_only_its_new_host_starts_it()
    {
        var other = await OtherAsync();
        var source = new TestSource(Node.Vms, _id, epoch: 4);
        await StartAsync(Spec);
        await ReachAsync(VmPhase.Running);
        await AssertRefusedAsync(NodeErrorKind.WrongPhase, () => Node.Vms.HandOverAsync(_id, 4, CancellationToken.None));
        var stopped = await StopAsync(4);

        var arrived = await other.Vms.ReceiveAsync(Spec with { Epoch = 4 }, source, () => { }, CancellationToken.None);

        Assert.Equal(
            (VmPhase.Stopped, 4, 1, true, stopped.ExitCode, stopped.ExitedAt),
            (arrived.Phase, arrived.Epoch, arrived.Boot, arrived.HasRun, arrived.ExitCode, arrived.ExitedAt));
        await AssertRefusedAsync(NodeErrorKind.Fenced, () => StartAsync(Spec with { Boot = 2 }));
        var chunks = source.Asked.Count;
        await other.Vms.ReceiveAsync(Spec with { Epoch = 4 }, source, () => { }, CancellationToken.None);
        Assert.Equal(chunks, source.Asked.Count);
        await other.Vms.StartAsync(Spec with { Epoch = 4, Boot = 2 }, CancellationToken.None);
        await AssertRefusedAsync(NodeErrorKind.WrongPhase, () => other.Vms.HandOverAsync(_id, 5, CancellationToken.None));
        await Node.Vms.DeleteAsync(_id, 4, CancellationToken.None);
        Assert.Null(Node.Vms.Find(_id));
        Assert.NotEqual(VmPhase.Stopped, other.Vms.Find(_id)!.Phase);
    }

    [Fact]
    public async Task A_vm_that_has_not_arrived_is_not_started_and_can_be_deleted()
    {
        var other = await OtherAsync();
        using var left = new CancellationTokenSource();
        await StartAsync(Spec);
        await StopAsync(3);
        var source = new TestSource(Node.Vms, _id, epoch: 4)
        {
            OnTheWay = _ =>
            {
                left.Cancel();
                throw new IOException("cut");
            },
        };
        await Assert.ThrowsAnyAsync<Exception>(() => other.Vms.ReceiveAsync(Spec with { Epoch = 4 }, source, () => { }, left.Token));

        Assert.Equal((VmPhase.Arriving, 4), (other.Vms.Find(_id)!.Phase, other.Vms.Find(_id)!.Epoch));
        await AssertRefusedAsync(
            NodeErrorKind.WrongPhase, () => other.Vms.StartAsync(Spec with { Epoch = 4, Boot = 2 }, CancellationToken.None));
        await other.Vms.DeleteAsync(_id, 4, CancellationToken.None);
        Assert.Null(other.Vms.Find(_id));
        Assert.Equal(VmPhase.Stopped, Node.Vms.Find(_id)!.Phase);
    }

    [Fact]
    public async Task Without_its_root_a_vm_does_not_start()
    {
        await AssertRefusedAsync(
            NodeErrorKind.NotFound, () => StartAsync(Spec with { RootDigest = "sha256:" + new string('f', 64) }));
        Assert.True(Node.Vms.Find(_id) is null or { Phase: VmPhase.Stopped });
        await StartAsync(Spec);
        await ReachAsync(VmPhase.Running);
    }

    [Fact]
    public async Task A_vm_in_standby_goes_on_as_the_same_boot()
    {
        await StartAsync(Spec);
        var before = await ReachAsync(VmPhase.Running);
        Assert.Null(before.Saved);

        var resting = await StandbyAsync(3);
        Assert.Equal((VmPhase.Standby, 1, before.Ip, before.Mac), (resting.Phase, resting.Boot, resting.Ip, resting.Mac));
        Assert.Equal((true, null, null), (resting.HasRun, resting.ExitedAt, resting.Error));
        Assert.True(resting.Saved is { WrittenBytes: > 0, BaseBytes: > 0, DeviceBytes: > 0 });
        Assert.Equal(VmPhase.Standby, (await StandbyAsync(3)).Phase);
        Assert.Equal(VmPhase.Standby, (await StartAsync(Spec)).Phase);
        await AssertRefusedAsync(
            NodeErrorKind.WrongPhase, () => Node.Vms.StatAsync(_id, new StatRequest { Path = "/" }, CancellationToken.None));

        var restored = await RestoreAsync(3);
        Assert.True(restored.Phase is VmPhase.Booting or VmPhase.Running);
        var after = await ReachAsync(VmPhase.Running);
        Assert.Equal(
            (1, before.Ip, before.Mac, before.StartedAt, resting.Saved),
            (after.Boot, after.Ip, after.Mac, after.StartedAt, after.Saved));
        Assert.True((await RestoreAsync(3)).Phase is VmPhase.Running);

        var ended = ReachAsync(VmPhase.Stopped);
        await ExitAsync(_id, 7);
        Assert.Equal((7, null), ((await ended).ExitCode, (await ended).Saved));
    }

    [Fact]
    public async Task Only_a_running_vm_goes_to_standby_and_only_one_in_standby_is_restored()
    {
        await AssertRefusedAsync(NodeErrorKind.NotFound, () => StandbyAsync(3));
        await AssertRefusedAsync(NodeErrorKind.NotFound, () => RestoreAsync(3));
        await StartAsync(Spec);
        await ReachAsync(VmPhase.Running);
        await AssertRefusedAsync(NodeErrorKind.Fenced, () => StandbyAsync(2));
        await StopAsync(3);
        await AssertRefusedAsync(NodeErrorKind.WrongPhase, () => StandbyAsync(3));
        await AssertRefusedAsync(NodeErrorKind.WrongPhase, () => RestoreAsync(3));
    }

    [Fact]
    public async Task A_stop_or_a_new_boot_drops_what_was_saved()
    {
        await StartAsync(Spec);
        await ReachAsync(VmPhase.Running);
        await StandbyAsync(3);
        await AssertRefusedAsync(NodeErrorKind.Fenced, () => RestoreAsync(2));
        var stopped = await StopAsync(3);
        Assert.Equal((VmPhase.Stopped, null), (stopped.Phase, stopped.Saved));
        Assert.NotNull(stopped.ExitedAt);

        await StartAsync(Spec with { Boot = 2 });
        await ReachAsync(VmPhase.Running);
        await StandbyAsync(3);
        Assert.Equal((3, null), ((await StartAsync(Spec with { Boot = 3 })).Boot, Node.Vms.Find(_id)!.Saved));
        await ReachAsync(VmPhase.Running);
    }

    [Fact]
    public async Task Sessions_are_for_vms_that_run()
    {
        await StartAsync(Spec);
        await ReachAsync(VmPhase.Running);
        await using (var session = await Node.Vms.OpenGuestAsync(_id, new ExecRequest { Command = ["cat"] }, keepsAwake: true, CancellationToken.None))
        {
            await session.WriteAsync("hello"u8.ToArray(), CancellationToken.None);
            await session.EndAsync(CancellationToken.None);
            var replies = await session.ReadAllAsync(CancellationToken.None).ToListAsync();
            Assert.Equal("hello"u8, replies.OfType<DataReply>().SelectMany(data => data.Bytes.ToArray()).ToArray());
            Assert.Equal(0, Assert.IsType<ExitReply>(replies[^1]).ExitCode);
        }
        Assert.True((await Node.Vms.StatAsync(_id, new StatRequest { Path = "/" }, CancellationToken.None)).IsDirectory);

        await StopAsync(3);
        await AssertRefusedAsync(
            NodeErrorKind.WrongPhase,
            () => Node.Vms.OpenGuestAsync(_id, new ExecRequest { Command = ["cat"] }, keepsAwake: true, CancellationToken.None));
        await AssertRefusedAsync(
            NodeErrorKind.WrongPhase, () => Node.Vms.StatAsync(_id, new StatRequest { Path = "/" }, CancellationToken.None));
    }

    [Fact]
    public async Task A_vm_that_is_used_is_not_put_to_sleep_by_who_wants_only_idle_ones()
    {
        await StartAsync(Spec);
        await ReachAsync(VmPhase.Running);

        await AssertRefusedAsync(NodeErrorKind.Busy, () => Node.Vms.StandbyAsync(_id, 3, isUsed: _ => true, CancellationToken.None));

        Assert.Equal((VmPhase.Running, null), (Node.Vms.Find(_id)!.Phase, Node.Vms.Find(_id)!.Error));
        Assert.Equal(VmPhase.Standby, (await Node.Vms.StandbyAsync(_id, 3, isUsed: _ => false, CancellationToken.None)).Phase);
    }

    [Fact]
    public async Task Who_uses_a_vm_is_told_while_it_runs_and_when_that_was_is_kept()
    {
        var at = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
        await StartAsync(Spec);
        await ReachAsync(VmPhase.Running);
        Assert.Equal((0, 0, null), await ActivityAsync());

        Node.Vms.KeepActivity(_id, at);
        Assert.Equal((0, 0, at), await ActivityAsync());
        await StopAsync(3);
        Assert.DoesNotContain(_id, await Node.Vms.ReadActivityAsync(CancellationToken.None));
        Node.Vms.KeepActivity("nobody", at);
    }

    private async Task<(int Flows, int Sessions, DateTimeOffset? KeptAt)> ActivityAsync()
    {
        var activity = (await Node.Vms.ReadActivityAsync(CancellationToken.None))[_id];
        return (activity.Flows.Count, activity.Sessions, activity.KeptAt);
    }

    [Fact]
    public async Task What_a_vm_takes_is_told_while_it_runs_and_is_nothing_when_it_does_not()
    {
        await AssertRefusedAsync(NodeErrorKind.NotFound, () => Node.Vms.ReadUsageAsync(_id, CancellationToken.None));
        await StartAsync(Spec);
        await ReachAsync(VmPhase.Running);

        var usage = await Node.Vms.ReadUsageAsync(_id, CancellationToken.None);

        Assert.True(usage.CpuTime > TimeSpan.Zero);
        Assert.InRange(usage.ResidentBytes, 1, usage.VirtualBytes);
        Assert.True(usage.Network is { ReceivedBytes: >= 0, SentBytes: >= 0 });
        await StopAsync(3);
        Assert.Equal(VmUsage.None, await Node.Vms.ReadUsageAsync(_id, CancellationToken.None));
    }

    [Fact]
    public async Task The_operations_log_takes_lines_and_gives_them_back()
    {
        await StartAsync(Spec);
        Node.Vms.AppendLog(_id, "a line of the owner");
        var lines = await Node.Vms.ReadLogAsync(_id, VmLog.Operations, 1, follow: false, CancellationToken.None)
            .SelectMany(batch => batch.ToAsyncEnumerable()).ToListAsync();
        Assert.EndsWith("a line of the owner", Assert.Single(lines));
        await AssertRefusedAsync(NodeErrorKind.NotFound, async () => await Node.Vms
            .ReadLogAsync("nobody", VmLog.Operations, 1, follow: false, CancellationToken.None).CountAsync());
    }

    private Task<VmStatus> StartAsync(VmSpec spec) => Node.Vms.StartAsync(spec, CancellationToken.None);

    private Task<VmStatus> StopAsync(long epoch) => Node.Vms.StopAsync(_id, epoch, Grace, CancellationToken.None);

    private Task<VmStatus> StandbyAsync(long epoch) => Node.Vms.StandbyAsync(_id, epoch, isUsed: null, CancellationToken.None);

    private Task<VmStatus> RestoreAsync(long epoch) => Node.Vms.RestoreAsync(_id, epoch, CancellationToken.None);

    private Task<VmStatus> ReachAsync(VmPhase phase) => ReachAsync(_id, phase);

    private Task<VmStatus> ReachAsync(string id, VmPhase phase) => ReachAsync(Node, id, phase);

    private static async Task<VmStatus> ReachAsync(INode node, string id, VmPhase phase)
    {
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            return await node.Vms.WatchAsync(patience.Token)
                .FirstAsync(status => status.Id == id && status.Phase == phase, patience.Token);
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"The VM was not {phase} in {Patience}; it is {node.Vms.Find(id)}.");
        }
    }

    private static async Task AssertRefusedAsync(NodeErrorKind kind, Func<Task> order) =>
        Assert.Equal(kind, (await Assert.ThrowsAsync<NodeException>(order)).Kind);
}
