using Hypeman.GuestProtocol.Messages;
using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Linux;
using Hypeman.NodeRuntime.Nodes;
using Hypeman.NodeRuntime.Vms;
using Hypeman.Tests.NodeRuntime.Guest;
using Microsoft.Extensions.DependencyInjection;

namespace Hypeman.Tests.NodeRuntime.Nodes;

/// <summary>The real host.</summary>
[Trait("Category", "Vm")]
public sealed class NodeTests : NodeConformance
{
    private TestNode _node = null!;
    private TestNode? _other;
    private string _digest = "";

    private protected override INode Node => _node.Port;
    private protected override string RootDigest => _digest;

    private protected override IReadOnlyList<string> Program =>
        ["/bin/sh", "-c", "trap 'exit 0' TERM; while [ ! -e /tmp/exit ]; do sleep 0.1; done; exit $(cat /tmp/exit)"];

    public override async ValueTask InitializeAsync()
    {
        _node = await TestNode.StartAsync();
        _digest = await _node.PullAsync();
    }

    public override async ValueTask DisposeAsync()
    {
        if (_other is not null)
            await _other.DisposeAsync();
        await _node.DisposeAsync();
    }

    private protected override async Task<INode> OtherAsync()
    {
        _other = await TestNode.StartAsync();
        Assert.Equal(_digest, await _other.PullAsync());
        return _other.Port;
    }

    private protected override async Task ExitAsync(string vmId, int code)
    {
        var request = new ExecRequest { Command = ["/bin/sh", "-c", $"echo {code} > /tmp/part; mv /tmp/part /tmp/exit"] };
        await using var session = await Node.Vms.OpenGuestAsync(vmId, request, keepsAwake: true, CancellationToken.None);
        await session.EndAsync(CancellationToken.None);
        try
        {
            await Guests.EndOfAsync(session, CancellationToken.None);
        }
        catch (NodeException e) when (e.Kind == NodeErrorKind.Unavailable)
        {
            // The guest was off before the command's end was told.
        }
    }

    [Fact]
    public async Task A_second_process_on_its_data_directory_is_refused()
    {
        await using var second = _node.NewProcess();
        var error = Assert.Throws<NodeException>(second.GetRequiredService<NodeClaim>);
        Assert.Equal(NodeErrorKind.Invalid, error.Kind);
        Assert.Contains($"in use by process {Environment.ProcessId}", error.Message);
    }

    [Fact]
    public async Task Its_identity_and_its_vms_outlive_its_process()
    {
        var before = _node.Node.NodeId;
        var status = await Node.Vms.StartAsync(Spec("outlives"), CancellationToken.None);
        await _node.CloseAsync();
        await _node.OpenAsync();
        Assert.Equal(before, _node.Node.Facts.NodeId);
        Assert.Equal(status.Ip, Node.Vms.Find("outlives")!.Ip);
        Assert.NotEqual(VmPhase.Stopped, Node.Vms.Find("outlives")!.Phase);
    }

    [Fact]
    public async Task Bytes_are_counted_as_the_vm_sees_them()
    {
        await Node.Vms.StartAsync(Spec("counted"), CancellationToken.None);
        await foreach (var status in Node.Vms.WatchAsync(CancellationToken.None))
            if (status.Phase == VmPhase.Running)
                break;
        var before = (await Node.Vms.ReadUsageAsync("counted", CancellationToken.None)).Network;

        // Some hundred questions, each refused in a few bytes less.
        for (var time = 0; time < 200; time++)
            await Assert.ThrowsAsync<NodeException>(() => Node.Vms.ConnectAsync("counted", 9, keepsAwake: true, CancellationToken.None).AsTask());

        var after = (await Node.Vms.ReadUsageAsync("counted", CancellationToken.None)).Network;
        var (received, sent) = (after.ReceivedBytes - before.ReceivedBytes, after.SentBytes - before.SentBytes);
        Assert.True(received > sent && sent > 200 * 54 / 2, $"{received} bytes were received and {sent} sent");
    }

    [Fact]
    public async Task Its_removal_leaves_the_data_and_nothing_else()
    {
        await Node.Vms.StartAsync(Spec("removed"), CancellationToken.None);
        var layout = new DataLayout(_node.DataDirectory);
        var process = Assert.Single(VmProcesses.Find(layout.Vms)).Process;
        await _node.CloseAsync();

        await using (var last = _node.NewProcess())
            await last.GetRequiredService<Node>().RemoveAllAsync(TimeSpan.Zero, CancellationToken.None);

        Assert.False(process.IsAlive);
        Assert.DoesNotContain(NetworkNamespace.List(), name => name == $"hm-{_node.Node.NodeId[..8]}");
        Assert.Empty(Cgroups.Detect(_node.Node.NodeId).List());
        Assert.True(File.Exists(layout.Vm("removed").OverlayDisk));
        await _node.OpenAsync();
        Assert.Equal(VmPhase.Stopped, Node.Vms.Find("removed")!.Phase);
        Assert.NotNull(Node.Images.FindRoot(_digest));
    }

    private VmSpec Spec(string id) => new()
    {
        Id = id,
        Epoch = 1,
        Boot = 1,
        Vcpus = 1,
        MemoryBytes = 128L << 20,
        OverlayBytes = 64L << 20,
        RootDigest = _digest,
        Hostname = id,
        Program = new GuestProgram { Arguments = Program },
    };
}
