using System.Net;
using System.Net.Sockets;
using Hypeman.NodeRuntime.Networks;

namespace Hypeman.Tests.NodeRuntime.Networks;

/// <summary>
/// What a VM sends under another name goes nowhere. Frames of one TAP are handled in order, so once an honest one got
/// through, those before it were judged.
/// </summary>
[Trait("Category", "Vm")]
public sealed class SpoofingTests : IAsyncLifetime
{
    private TestHost host = null!;
    private NodeNetwork node = null!;
    private TapGuest victim = null!;
    private TapGuest thief = null!;

    public async ValueTask InitializeAsync()
    {
        host = await TestHost.CreateAsync();
        node = await host.AddNodeAsync();
        (victim, thief) = (await host.AddGuestAsync(node), await host.AddGuestAsync(node));
        Assert.True(await victim.PingAsync(victim.Address.Gateway));
        Assert.True(await thief.PingAsync(thief.Address.Gateway));
    }

    public ValueTask DisposeAsync() => host.DisposeAsync();

    [Fact]
    public async Task A_vm_with_a_stolen_ip_or_mac_reaches_nothing()
    {
        using var server = await LineServer.StartAsync(host.World);
        var free = node.Allocate(new HashSet<IPAddress> { victim.Address.Ip, thief.Address.Ip });

        await thief.ConfigureAsync(free.Ip, thief.Address.Mac);
        Assert.Null(await thief.AskAsync(TestHost.WorldIp, server.Port));
        await thief.ConfigureAsync(thief.Address.Ip, free.Mac);
        Assert.Null(await thief.AskAsync(TestHost.WorldIp, server.Port));
        await thief.ConfigureAsync(thief.Address.Ip, thief.Address.Mac);
        Assert.NotNull(await thief.AskAsync(TestHost.WorldIp, server.Port));
    }

    [Fact]
    public async Task A_packet_from_a_stolen_ip_does_not_leave()
    {
        using var receiver = await host.World.CreateSocketAsync(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        receiver.Bind(new IPEndPoint(IPAddress.Any, 0));
        var to = new IPEndPoint(TestHost.WorldIp, ((IPEndPoint)receiver.LocalEndPoint!).Port);
        await TestHost.IpAsync(thief.Namespace, $"address add {victim.Address.Ip}/32 dev lo");
        await TestHost.IpAsync(
            thief.Namespace, $"neigh replace {thief.Address.Gateway} lladdr {VmSubnet.MacOf(thief.Address.Gateway)} dev eth0");

        await SendAsync(victim.Address.Ip, to, 1);
        await SendAsync(thief.Address.Ip, to, 2);

        var received = new byte[1];
        await receiver.ReceiveAsync(received).WaitAsync(TimeSpan.FromSeconds(10));
        Assert.Equal([2], received);
    }

    [Fact]
    public async Task A_frame_from_a_stolen_mac_does_not_turn_the_bridge()
    {
        thief.Send(Frames.Arp(victim.Address.Mac, thief.Address.Mac, thief.Address.Ip));
        Assert.True(await thief.PingAsync(thief.Address.Gateway));

        var ports = await TestHost.RunAsync(node.Namespace, "bridge", "fdb show br vmbr0");
        Assert.Contains($"{victim.Address.Mac} dev {victim.TapName}", ports);
        Assert.DoesNotContain($"{victim.Address.Mac} dev {thief.TapName}", ports);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_vm_cannot_claim_the_ip_of_another_by_arp(bool withOwnMac)
    {
        // Else the node ignores what comes soon after the truth, and the test would prove nothing.
        await node.Namespace.RunAsync(() => File.WriteAllText("/proc/sys/net/ipv4/neigh/vmbr0/locktime", "0"));
        var claimed = withOwnMac ? thief.Address.Mac : VmSubnet.MacOf(thief.Address.Gateway);
        thief.Send(Frames.Arp(thief.Address.Mac, claimed, victim.Address.Ip));
        thief.Send(Frames.Arp(thief.Address.Mac, claimed, thief.Address.Ip));
        await TestHost.IpAsync(thief.Namespace, "neigh flush all");
        Assert.True(await thief.PingAsync(thief.Address.Gateway));

        var neighbours = await TestHost.IpAsync(node.Namespace, "neigh show dev vmbr0");
        Assert.Contains($"{victim.Address.Ip} lladdr {victim.Address.Mac}", neighbours);
        Assert.Contains($"{thief.Address.Ip} lladdr {thief.Address.Mac}", neighbours);
    }

    private async Task SendAsync(IPAddress from, IPEndPoint to, byte content)
    {
        using var sender = await thief.Namespace.CreateSocketAsync(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        sender.Bind(new IPEndPoint(from, 0));
        await sender.SendToAsync(new[] { content }, to);
    }
}
