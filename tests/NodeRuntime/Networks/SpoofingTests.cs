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
    private TestHost _host = null!;
    private NodeNetwork _node = null!;
    private TapGuest _victim = null!;
    private TapGuest _thief = null!;

    public async ValueTask InitializeAsync()
    {
        _host = await TestHost.CreateAsync();
        _node = await _host.AddNodeAsync();
        (_victim, _thief) = (await _host.AddGuestAsync(_node), await _host.AddGuestAsync(_node));
        Assert.True(await _victim.PingAsync(_victim.Address.Gateway));
        Assert.True(await _thief.PingAsync(_thief.Address.Gateway));
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task A_vm_with_a_stolen_ip_or_mac_reaches_nothing()
    {
        using var server = await LineServer.StartAsync(_host.World);
        var free = _node.Allocate(new HashSet<IPAddress> { _victim.Address.Ip, _thief.Address.Ip });

        await _thief.ConfigureAsync(free.Ip, _thief.Address.Mac);
        Assert.Null(await _thief.AskAsync(TestHost.WorldIp, server.Port));
        await _thief.ConfigureAsync(_thief.Address.Ip, free.Mac);
        Assert.Null(await _thief.AskAsync(TestHost.WorldIp, server.Port));
        await _thief.ConfigureAsync(_thief.Address.Ip, _thief.Address.Mac);
        Assert.NotNull(await _thief.AskAsync(TestHost.WorldIp, server.Port));
    }

    [Fact]
    public async Task A_packet_from_a_stolen_ip_does_not_leave()
    {
        using var receiver = await _host.World.CreateSocketAsync(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        receiver.Bind(new IPEndPoint(IPAddress.Any, 0));
        var to = new IPEndPoint(TestHost.WorldIp, ((IPEndPoint)receiver.LocalEndPoint!).Port);
        await TestHost.IpAsync(_thief.Namespace, $"address add {_victim.Address.Ip}/32 dev lo");
        await TestHost.IpAsync(
            _thief.Namespace, $"neigh replace {_thief.Address.Gateway} lladdr {VmSubnet.MacOf(_thief.Address.Gateway)} dev eth0");

        await SendAsync(_victim.Address.Ip, to, 1);
        await SendAsync(_thief.Address.Ip, to, 2);

        var received = new byte[1];
        await receiver.ReceiveAsync(received).WaitAsync(TimeSpan.FromSeconds(10));
        Assert.Equal([2], received);
    }

    [Fact]
    public async Task A_frame_from_a_stolen_mac_does_not_turn_the_bridge()
    {
        _thief.Send(Frames.Arp(_victim.Address.Mac, _thief.Address.Mac, _thief.Address.Ip));
        Assert.True(await _thief.PingAsync(_thief.Address.Gateway));

        var ports = await TestHost.RunAsync(_node.Namespace, "bridge", "fdb show br vmbr0");
        Assert.Contains($"{_victim.Address.Mac} dev {_victim.TapName}", ports);
        Assert.DoesNotContain($"{_victim.Address.Mac} dev {_thief.TapName}", ports);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_vm_cannot_claim_the_ip_of_another_by_arp(bool withOwnMac)
    {
        // Else the node ignores what comes soon after the truth, and the test would prove nothing.
        await _node.Namespace.RunAsync(() => File.WriteAllText("/proc/sys/net/ipv4/neigh/vmbr0/locktime", "0"));
        var claimed = withOwnMac ? _thief.Address.Mac : VmSubnet.MacOf(_thief.Address.Gateway);
        _thief.Send(Frames.Arp(_thief.Address.Mac, claimed, _victim.Address.Ip));
        _thief.Send(Frames.Arp(_thief.Address.Mac, claimed, _thief.Address.Ip));
        await TestHost.IpAsync(_thief.Namespace, "neigh flush all");
        Assert.True(await _thief.PingAsync(_thief.Address.Gateway));

        var neighbours = await TestHost.IpAsync(_node.Namespace, "neigh show dev vmbr0");
        Assert.Contains($"{_victim.Address.Ip} lladdr {_victim.Address.Mac}", neighbours);
        Assert.Contains($"{_thief.Address.Ip} lladdr {_thief.Address.Mac}", neighbours);
    }

    private async Task SendAsync(IPAddress from, IPEndPoint to, byte content)
    {
        using var sender = await _thief.Namespace.CreateSocketAsync(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        sender.Bind(new IPEndPoint(from, 0));
        await sender.SendToAsync(new[] { content }, to);
    }
}
