using System.Net;
using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Networks;

namespace Hypeman.Tests.NodeRuntime.Networks;

/// <summary>What VMs reach, and what reaches them. Guests are real IP stacks behind the VMs' real TAPs.</summary>
[Trait("Category", "Vm")]
public sealed class NodeNetworkTests : IAsyncLifetime
{
    private TestHost _host = null!;

    public async ValueTask InitializeAsync() => _host = await TestHost.CreateAsync();

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task A_vm_reaches_the_world_and_the_world_sees_the_host()
    {
        var guest = await _host.AddGuestAsync(await _host.AddNodeAsync());
        using var server = await LineServer.StartAsync(_host.World);

        Assert.Equal(TestHost.HostIp.ToString(), await guest.AskAsync(TestHost.WorldIp, server.Port));
        Assert.True(await guest.PingAsync(TestHost.WorldIp));
    }

    [Fact]
    public async Task The_node_reaches_a_vm()
    {
        var node = await _host.AddNodeAsync();
        var guest = await _host.AddGuestAsync(node);
        using var server = await LineServer.StartAsync(guest.Namespace);

        await using var stream = await node.ConnectAsync(guest.Address.Ip, server.Port, keepsAwake: true, CancellationToken.None);
        using var reader = new StreamReader(stream);

        Assert.Equal("10.100.0.1", await reader.ReadLineAsync());
    }

    [Fact]
    public async Task A_closed_port_of_a_vm_is_unavailable()
    {
        var node = await _host.AddNodeAsync();
        var guest = await _host.AddGuestAsync(node);

        var refused = await Assert.ThrowsAsync<NodeException>(
            async () => await node.ConnectAsync(guest.Address.Ip, 81, keepsAwake: true, CancellationToken.None));

        Assert.Equal(NodeErrorKind.Unavailable, refused.Kind);
    }

    [Fact]
    public async Task Vms_of_one_node_do_not_reach_each_other()
    {
        var node = await _host.AddNodeAsync();
        var (one, other) = (await _host.AddGuestAsync(node), await _host.AddGuestAsync(node));
        using var server = await LineServer.StartAsync(other.Namespace);

        Assert.Null(await one.AskAsync(other.Address.Ip, server.Port));
        // Nor by way of the gateway, when both agree on it.
        await TestHost.IpAsync(one.Namespace, $"route add {other.Address.Ip}/32 via {one.Address.Gateway}");
        await TestHost.IpAsync(other.Namespace, $"route add {one.Address.Ip}/32 via {one.Address.Gateway}");
        Assert.Null(await one.AskAsync(other.Address.Ip, server.Port));
        Assert.False(await one.PingAsync(other.Address.Ip));
    }

    [Fact]
    public async Task Vms_of_two_nodes_of_one_host_do_not_reach_each_other()
    {
        var (here, there) = (await _host.AddNodeAsync(), await _host.AddNodeAsync());
        var (one, other) = (await _host.AddGuestAsync(here), await _host.AddGuestAsync(there));
        using var server = await LineServer.StartAsync(there.Namespace);
        using var world = await LineServer.StartAsync(_host.World);

        Assert.NotNull(await one.AskAsync(TestHost.WorldIp, world.Port));
        Assert.NotNull(await other.AskAsync(TestHost.WorldIp, world.Port));
        foreach (var address in await LinkAddressesAsync())
            Assert.Null(await one.AskAsync(address, server.Port));
    }

    [Fact]
    public async Task A_vm_does_not_reach_its_host_nor_its_node()
    {
        var node = await _host.AddNodeAsync();
        var guest = await _host.AddGuestAsync(node);
        using var onHost = await LineServer.StartAsync(_host.Namespace);
        using var onNode = await LineServer.StartAsync(node.Namespace);

        Assert.Null(await guest.AskAsync(TestHost.HostIp, onHost.Port));
        Assert.Null(await guest.AskAsync(guest.Address.Gateway, onNode.Port));
        foreach (var address in await LinkAddressesAsync())
        {
            Assert.Null(await guest.AskAsync(address, onHost.Port));
            Assert.Null(await guest.AskAsync(address, onNode.Port));
        }
    }

    [Fact]
    public async Task A_vm_does_not_reach_the_link_local_services_of_a_cloud()
    {
        var metadata = IPAddress.Parse("169.254.169.254");
        await TestHost.IpAsync(_host.World, $"address add {metadata}/32 dev lo");
        var guest = await _host.AddGuestAsync(await _host.AddNodeAsync());
        using var server = await LineServer.StartAsync(_host.World);
        await _host.IpAsync($"route add {metadata}/32 via {TestHost.WorldIp}");

        Assert.Null(await guest.AskAsync(metadata, server.Port));
    }

    private async Task<IReadOnlyList<IPAddress>> LinkAddressesAsync()
    {
        var lines = (await _host.IpAsync("-4 -o address show")).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var ends = lines.Where(line => line.Contains(" hm-"))
            .Select(line => IPAddress.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[3].Split('/')[0])).ToList();
        Assert.NotEmpty(ends);
        return [.. ends.SelectMany(end => new[] { end, Next(end) })];
    }

    private static IPAddress Next(IPAddress address)
    {
        var bytes = address.GetAddressBytes();
        bytes[3]++;
        return new IPAddress(bytes);
    }
}
