using System.Net;
using Hypeman.NodeRuntime.Linux;
using Hypeman.NodeRuntime.Networks;
using Microsoft.Extensions.Logging.Abstractions;

namespace Hypeman.Tests.NodeRuntime.Networks;

/// <summary>
/// A namespace that plays the host, and one behind it that plays the world. Nodes and guests made through it go with it.
/// </summary>
public sealed class TestHost : IAsyncDisposable
{
    public static readonly IPAddress HostIp = IPAddress.Parse("203.0.113.1");
    public static readonly IPAddress WorldIp = IPAddress.Parse("203.0.113.2");

    private readonly string _tag = Guid.NewGuid().ToString("N")[..6];
    private readonly List<NodeNetwork> _nodes = [];
    private readonly List<TapGuest> _guests = [];
    private readonly NetworkNamespace _host;
    private readonly NetworkNamespace _world;

    private TestHost()
    {
        _host = NetworkNamespace.Ensure("hmt-host-" + _tag);
        _world = NetworkNamespace.Ensure("hmt-world-" + _tag);
    }

    public NetworkNamespace Namespace => _host;
    public NetworkNamespace World => _world;

    public static async Task<TestHost> CreateAsync()
    {
        var made = new TestHost();
        await made.IpAsync($"link add eth0 type veth peer name eth0 netns hmt-world-{made._tag}");
        foreach (var (where, ip) in new[] { (made._host, HostIp), (made._world, WorldIp) })
        {
            await IpAsync(where, "link set lo up");
            await IpAsync(where, $"address add {ip}/24 dev eth0");
            await IpAsync(where, "link set eth0 up");
        }
        await made.IpAsync($"route add default via {WorldIp}");
        return made;
    }

    public Task<string> IpAsync(string arguments) => IpAsync(_host, arguments);

    public static Task<string> IpAsync(NetworkNamespace where, string arguments) =>
        RunAsync(where, "ip", arguments);

    public static Task<string> RunAsync(NetworkNamespace where, string tool, string arguments) =>
        where.RunAsync(new Command(tool, arguments.Split(' ')), TestContext.Current.CancellationToken);

    /// <summary>A node of this host, its network made.</summary>
    public async Task<NodeNetwork> AddNodeAsync(NodeNetworkOptions? options = null)
    {
        var node = NewNode(Guid.NewGuid().ToString("N")[..24], options);
        await node.EnsureAsync(TestContext.Current.CancellationToken);
        return node;
    }

    public NodeNetwork NewNode(string id, NodeNetworkOptions? options = null)
    {
        var node = new NodeNetwork(id, options ?? new NodeNetworkOptions(), _host, NullLogger<NodeNetwork>.Instance);
        _nodes.Add(node);
        return node;
    }

    public async Task<TapGuest> AddGuestAsync(NodeNetwork node, NicLimits limits = default, string? vmId = null)
    {
        var guest = await TapGuest.StartAsync(node, vmId ?? "g" + Guid.NewGuid().ToString("N")[..23], limits);
        _guests.Add(guest);
        return guest;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var guest in _guests)
            await guest.DisposeAsync();
        foreach (var node in _nodes)
        {
            await node.RemoveAsync(CancellationToken.None);
            node.Dispose();
        }
        _host.Dispose();
        _world.Dispose();
        NetworkNamespace.Remove("hmt-host-" + _tag);
        NetworkNamespace.Remove("hmt-world-" + _tag);
    }
}
