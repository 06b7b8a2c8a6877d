using System.Net;
using System.Net.Sockets;
using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Linux;
using Hypeman.NodeRuntime.Networks;
using Hypeman.Tests.Testing;

namespace Hypeman.Tests.NodeRuntime.Networks;

/// <summary>Who uses a VM, as the kernel tracks it.</summary>
[Trait("Category", "Vm")]
public sealed class FlowTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private TestHost _host = null!;
    private NodeNetwork _node = null!;
    private TapGuest _guest = null!;
    private Socket _listener = null!;

    public async ValueTask InitializeAsync()
    {
        _host = await TestHost.CreateAsync();
        _node = await _host.AddNodeAsync();
        _guest = await _host.AddGuestAsync(_node);
        _listener = await _guest.Namespace.CreateSocketAsync(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        _listener.Bind(new IPEndPoint(IPAddress.Any, 0));
        _listener.Listen();
        Assert.Empty(await FlowsAsync());
    }

    public ValueTask DisposeAsync()
    {
        _listener.Dispose();
        return _host.DisposeAsync();
    }

    private int Port => ((IPEndPoint)_listener.LocalEndPoint!).Port;

    [Fact]
    public async Task A_connection_is_there_while_it_is_open_and_remembered_when_it_is_not()
    {
        await using (await ConnectAsync(keepsAwake: true))
        {
            var open = Assert.Single(await FlowsAsync());
            Assert.Equal((_guest.Address.Gateway, Port, true), (open.Source, open.Port, open.IsOpen));
        }
        using (await _listener.AcceptAsync())
        {
            // The guest ends it, too.
        }
        await Until.True(async () => (await FlowsAsync()) is [{ IsOpen: false }], Patience, "the connection is over");
    }

    [Fact]
    public async Task One_that_only_watches_is_not_there()
    {
        await using var watching = await ConnectAsync(keepsAwake: false);

        Assert.Empty(await FlowsAsync());
    }

    [Fact]
    public async Task What_the_guest_itself_connects_to_is_not_there()
    {
        using var server = await LineServer.StartAsync(_host.World);

        Assert.NotNull(await _guest.AskAsync(TestHost.WorldIp, server.Port));

        Assert.Empty(await FlowsAsync());
    }

    [Fact]
    public async Task One_that_the_guest_refuses_is_no_use_of_it()
    {
        var free = Port;
        _listener.Dispose();
        await Assert.ThrowsAsync<NodeException>(async () =>
            await _node.ConnectAsync(_guest.Address.Ip, free, keepsAwake: true, CancellationToken.None));

        Assert.DoesNotContain(await FlowsAsync(), flow => flow.IsOpen);
    }

    [Fact]
    public async Task A_half_open_one_counts()
    {
        await Nft.ApplyAsync(
            _guest.Namespace,
            "add table inet deaf\nadd chain inet deaf in { type filter hook input priority 0; policy drop; }\n", CancellationToken.None);
        using var enough = new CancellationTokenSource();
        var connecting = _node.ConnectAsync(_guest.Address.Ip, Port, keepsAwake: true, enough.Token).AsTask();

        await Until.True(async () => (await FlowsAsync()) is [{ IsOpen: true }], Patience, "the attempt is seen");

        await enough.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => connecting);
    }

    [Fact]
    public async Task One_that_its_caller_has_half_closed_counts_until_the_guest_has_said_all()
    {
        var stream = (NetworkStream)await ConnectAsync(keepsAwake: true);
        using var answering = await _listener.AcceptAsync();
        stream.Socket.Shutdown(SocketShutdown.Send);
        Assert.Equal(0, await answering.ReceiveAsync(new byte[1]));

        Assert.True(Assert.Single(await FlowsAsync()).IsOpen);

        answering.Dispose();
        await Until.True(async () => (await FlowsAsync()) is [{ IsOpen: false }], Patience, "the connection is over");
        await stream.DisposeAsync();
    }

    [Fact]
    public async Task Those_of_who_comes_by_another_way_than_ours_count()
    {
        using var stranger = await _node.Namespace.CreateSocketAsync(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await stranger.ConnectAsync(_guest.Address.Ip, Port);

        Assert.True(Assert.Single(await FlowsAsync()).IsOpen);
    }

    private ValueTask<Stream> ConnectAsync(bool keepsAwake) =>
        _node.ConnectAsync(_guest.Address.Ip, Port, keepsAwake, CancellationToken.None);

    private async Task<IReadOnlyList<VmFlow>> FlowsAsync() =>
        [.. (await _node.ListFlowsAsync(DateTimeOffset.UnixEpoch))[_guest.Address.Ip]];
}
