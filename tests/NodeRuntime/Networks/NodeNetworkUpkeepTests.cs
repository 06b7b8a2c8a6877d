using System.Net;
using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Linux;
using Hypeman.NodeRuntime.Networks;
using Hypeman.Tests.Testing.Leaks;

namespace Hypeman.Tests.NodeRuntime.Networks;

/// <summary>How a node's network comes, is mended, and goes.</summary>
[Trait("Category", "Vm")]
public sealed class NodeNetworkUpkeepTests : IAsyncLifetime
{
    private const string NodeId = "upkeepabcdefghijklmnopqr";

    private TestHost _host = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _host = await TestHost.CreateAsync();

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task Ensuring_again_changes_nothing_for_a_vm_that_runs()
    {
        var node = await _host.AddNodeAsync();
        var guest = await _host.AddGuestAsync(node);
        using var server = await LineServer.StartAsync(guest.Namespace);
        await using var stream = await node.ConnectAsync(guest.Address.Ip, server.Port, keepsAwake: true, Cancel);
        var before = await RulesAsync(node);

        await node.EnsureAsync(Cancel);

        Assert.Equal(before, await RulesAsync(node));
        using var reader = new StreamReader(stream);
        Assert.NotNull(await reader.ReadLineAsync(Cancel));
    }

    [Theory]
    [InlineData("node", "ip", "link delete uplink0")]
    [InlineData("node", "ip", "route delete default")]
    [InlineData("node", "ip", "address flush dev uplink0")]
    [InlineData("node", "nft", "flush ruleset")]
    [InlineData("node", "nft", "delete table inet hypeman")]
    [InlineData("node", "ip", "link delete vmbr0")]
    [InlineData("host", "nft", "flush ruleset")]
    public async Task What_is_missing_is_made_again(string where, string tool, string damage)
    {
        var node = await _host.AddNodeAsync();
        var guest = await _host.AddGuestAsync(node);
        using var server = await LineServer.StartAsync(_host.World);

        await TestHost.RunAsync(where == "node" ? node.Namespace : _host.Namespace, tool, damage);
        await node.EnsureAsync(Cancel);
        await node.AttachAsync(guest.VmId, guest.Address, default, node.UidOf(guest.Address.Ip), Cancel);

        Assert.NotNull(await guest.AskAsync(TestHost.WorldIp, server.Port));
    }

    [Theory]
    [InlineData("address add 10.100.7.1/24 dev eth0", "10.100.7.0/24 (eth0)")]
    [InlineData("route add 10.0.0.0/8 dev eth0", "10.0.0.0/8 (eth0)")]
    public async Task A_network_that_overlaps_the_hosts_is_refused_with_the_setting_to_change(string change, string told)
    {
        await _host.IpAsync(change);
        var error = await Assert.ThrowsAsync<NodeException>(() => _host.NewNode(NodeId).RequireFreeSubnetAsync());
        Assert.Equal(NodeErrorKind.Invalid, error.Kind);
        Assert.All((string[])["10.100.0.0/16", told, "network.subnet_cidr"], part => Assert.Contains(part, error.Message));
        await _host.NewNode(NodeId, new NodeNetworkOptions { SubnetCidr = "172.30.0.0/16" }).RequireFreeSubnetAsync();
    }

    [Fact]
    public async Task A_node_does_not_stand_in_its_own_way()
    {
        var node = await _host.AddNodeAsync();
        await node.RequireFreeSubnetAsync();
    }

    [Fact]
    public async Task A_new_process_takes_over_the_network_and_its_vms()
    {
        var first = _host.NewNode(NodeId);
        await first.EnsureAsync(Cancel);
        var guest = await _host.AddGuestAsync(first);
        using var server = await LineServer.StartAsync(_host.World);

        var second = _host.NewNode(NodeId);
        await second.EnsureAsync(Cancel);
        var tap = await second.AttachAsync(guest.VmId, guest.Address, default, second.UidOf(guest.Address.Ip), Cancel);

        Assert.Equal(guest.TapName, tap);
        Assert.Equal([tap], await second.ListTapsAsync());
        Assert.NotNull(await guest.AskAsync(TestHost.WorldIp, server.Port));
    }

    [Fact]
    public async Task A_namespace_without_its_cable_and_a_cable_without_its_namespace_are_mended()
    {
        var node = _host.NewNode(NodeId);
        await node.EnsureAsync(Cancel);
        // Its name goes, and its cable stays as long as something lives in it.
        NetworkNamespace.Remove(Path.GetFileName(node.NamespacePath));

        var again = _host.NewNode(NodeId);
        await again.EnsureAsync(Cancel);
        var guest = await _host.AddGuestAsync(again);
        using var server = await LineServer.StartAsync(_host.World);

        Assert.NotNull(await guest.AskAsync(TestHost.WorldIp, server.Port));
    }

    [Fact]
    public async Task The_taps_of_vms_that_are_no_more_are_swept()
    {
        var node = await _host.AddNodeAsync();
        var (kept, gone) = (await _host.AddGuestAsync(node), await _host.AddGuestAsync(node));
        await TestHost.IpAsync(node.Namespace, "tuntap add dev hype-cutoff mode tap");

        var swept = await node.SweepAsync(new HashSet<string> { kept.VmId }, Cancel);

        Assert.Equal(new HashSet<string> { gone.TapName, "hype-cutoff" }, swept.ToHashSet());
        Assert.Equal([kept.TapName], await node.ListTapsAsync());
        Assert.DoesNotContain(gone.TapName, await RulesAsync(node));
        await node.DetachAsync(gone.VmId, Cancel);
    }

    [Fact]
    public async Task Two_vms_whose_ids_start_alike_have_two_taps()
    {
        var node = await _host.AddNodeAsync();
        var one = await _host.AddGuestAsync(node, vmId: "sameabcd1111111111111111");
        var other = await _host.AddGuestAsync(node, vmId: "sameabcd2222222222222222");

        Assert.Equal("hype-sameabcd", one.TapName);
        Assert.NotEqual(one.TapName, other.TapName);
        Assert.True(other.TapName.Length <= 15);
    }

    [Fact]
    public async Task The_host_routes_only_while_it_has_a_node()
    {
        Assert.Equal("0", await ForwardingAsync());
        var (one, other) = (await _host.AddNodeAsync(), await _host.AddNodeAsync());
        Assert.Equal("1", await ForwardingAsync());

        await one.RemoveAsync(Cancel);
        Assert.Equal("1", await ForwardingAsync());
        await other.RemoveAsync(Cancel);
        Assert.Equal("0", await ForwardingAsync());
    }

    [Fact]
    public async Task A_host_that_routed_before_us_routes_after_us()
    {
        await _host.Namespace.RunAsync(() => File.WriteAllText("/proc/sys/net/ipv4/ip_forward", "1"));
        await (await _host.AddNodeAsync()).RemoveAsync(Cancel);
        Assert.Equal("1", await ForwardingAsync());
    }

    [Fact]
    public async Task A_removed_node_leaves_nothing()
    {
        var leaks = await LeakCheck.StartAsync(line => line.Contains(NodeId[..8]));
        var hostBefore = await HostStateAsync();
        var node = _host.NewNode(NodeId);
        await node.EnsureAsync(Cancel);
        var address = node.Allocate(new HashSet<IPAddress>());
        await node.AttachAsync("vmabcdefghijklmnopqrstuv", address, new NicLimits(1000, 1000), 600_000_001, Cancel);
        Assert.NotEqual(hostBefore, await HostStateAsync());

        await node.RemoveAsync(Cancel);
        await node.RemoveAsync(Cancel);

        await leaks.AssertNothingNewAsync();
        Assert.Equal(hostBefore, await HostStateAsync());
    }

    private async Task<string> HostStateAsync() =>
        await TestHost.RunAsync(_host.Namespace, "nft", "list ruleset")
        + string.Join('\n', (await _host.IpAsync("-o link")).Split('\n').Select(line => line.Split(' ').ElementAtOrDefault(1)))
        + await _host.IpAsync("route show");

    private Task<string> ForwardingAsync() =>
        _host.Namespace.RunAsync(() => File.ReadAllText("/proc/sys/net/ipv4/conf/eth0/forwarding").Trim());

    private static Task<string> RulesAsync(NodeNetwork node) => TestHost.RunAsync(node.Namespace, "nft", "list ruleset");
}
