using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Linux;
using Hypeman.NodeRuntime.Linux.Netlink;
using Microsoft.Extensions.Logging;

namespace Hypeman.NodeRuntime.Networks;

/// <summary>
/// The network of one node: a namespace with a bridge, a TAP per VM and a veth out to the host. VMs reach the outside
/// and nothing else; only what asks through <see cref="ConnectAsync"/> reaches them. It outlives this object.
/// </summary>
public sealed class NodeNetwork : IDisposable
{
    /// <summary>SOL_SOCKET and SO_MARK of Linux.</summary>
    private const int SocketLevel = 1, SocketMark = 36;

    private readonly string _name;
    private readonly NodeNetworkOptions _options;
    private readonly VmSubnet _subnet;
    private readonly HostUplink _uplink;
    private readonly ILogger<NodeNetwork> _log;
    private readonly IReadOnlyList<IPAddress> _dnsServers;
    private readonly SemaphoreSlim _gate = new(1);
    private readonly FlowTable _flows = new();
    private readonly Lazy<NetworkNamespace> _void = new(NetworkNamespace.CreateEmpty);
    private NetworkNamespace? _node;
    private VmPorts? _ports;

    /// <param name="host">What this node takes for its host; the caller keeps it.</param>
    /// <exception cref="NodeException">Invalid options.</exception>
    public NodeNetwork(string nodeId, NodeNetworkOptions options, NetworkNamespace host, ILogger<NodeNetwork> log)
    {
        (_options, _log) = (options, log);
        _name = NetworkNames.Namespace(nodeId);
        _subnet = VmSubnet.Parse(options.SubnetCidr);
        _dnsServers = [.. options.DnsServers.Select(ParseDnsServer)];
        _uplink = new HostUplink(nodeId, options, host, log);
    }

    /// <summary>The file of the namespace, for processes that are to live in it.</summary>
    public string NamespacePath => NetworkNamespace.PathOf(_name);

    /// <summary>For sockets and processes inside.</summary>
    public NetworkNamespace Namespace => _node ?? throw new InvalidOperationException("EnsureAsync comes first.");

    /// <summary>
    /// For hypervisors: they get their TAP by descriptor and need no network. One that a guest breaks out of so reaches
    /// nothing, neither other VMs nor the outside past the rules.
    /// </summary>
    public NetworkNamespace Void => _void.Value;

    private VmPorts Ports => _ports ?? throw new InvalidOperationException("EnsureAsync comes first.");

    /// <summary>
    /// Refuses a network for the VMs of which the host has a part itself: they would reach their neighbours where
    /// they mean the host's. To be asked before anything is made.
    /// </summary>
    /// <exception cref="NodeException">Invalid: names both, and the setting.</exception>
    public async Task RequireFreeSubnetAsync()
    {
        if (await _uplink.FindOverlapAsync(_subnet.Cidr) is { } overlap)
            throw new NodeException(
                NodeErrorKind.Invalid,
                $"The network of the VMs, {_subnet.Cidr}, overlaps {overlap} of this host. "
                + "Choose another one with the setting network.subnet_cidr (NETWORK__SUBNET_CIDR).");
    }

    /// <summary>Makes what is missing and mends what is wrong. VMs that run keep their connections.</summary>
    public async Task EnsureAsync(CancellationToken cancellationToken)
    {
        using var turn = await TakeTurnAsync(cancellationToken);
        await _uplink.EnsureAsync(await EnsureInsideAsync(cancellationToken), cancellationToken);
    }

    /// <summary>As <see cref="EnsureAsync"/>, but for removing: without a way out, so that nothing of the host is touched.</summary>
    public async Task EnsureForRemovalAsync(CancellationToken cancellationToken)
    {
        using var turn = await TakeTurnAsync(cancellationToken);
        await EnsureInsideAsync(cancellationToken);
    }

    /// <summary>Picks an address that is not in use. The caller records it before it picks another.</summary>
    /// <exception cref="NodeException">InsufficientResources: the subnet is full.</exception>
    public VmAddress Allocate(IReadOnlySet<IPAddress> used) => AddressOf(_subnet.Pick(used));

    /// <summary>All that goes with an address which was picked before.</summary>
    public VmAddress AddressOf(IPAddress ip) =>
        new(ip, VmSubnet.MacOf(ip), _subnet.Cidr.PrefixLength, _subnet.Gateway, _dnsServers);

    /// <summary>The user that runs the VM with this address. Its group is <see cref="NodeNetworkOptions.UidBase"/>.</summary>
    public uint UidOf(IPAddress ip) => _options.UidBase + _subnet.OffsetOf(ip);

    /// <summary>
    /// Makes the VM's TAP, opens the way for its address, and returns the TAP's name. Repeating it changes what
    /// differs, so it also adopts a VM that runs; only another owner needs a new TAP.
    /// </summary>
    public async Task<string> AttachAsync(
        string vmId, VmAddress address, NicLimits limits, uint ownerUid, CancellationToken cancellationToken)
    {
        using var turn = await TakeTurnAsync(cancellationToken);
        return await Ports.AttachAsync(vmId, address, limits, ownerUid, cancellationToken);
    }

    /// <summary>Removes the TAP and its rules. Absent is no error.</summary>
    public async Task DetachAsync(string vmId, CancellationToken cancellationToken)
    {
        using var turn = await TakeTurnAsync(cancellationToken);
        foreach (var tap in (await Ports.ListAsync()).Where(tap => tap.VmId == vmId))
            await Ports.RemoveAsync(tap.Name, cancellationToken);
    }

    /// <summary>Names of all TAPs here.</summary>
    public async Task<IReadOnlyList<string>> ListTapsAsync() => [.. (await Ports.ListAsync()).Select(tap => tap.Name)];

    /// <summary>Removes the TAPs and rules of VMs that are no more; returns their names.</summary>
    public async Task<IReadOnlyList<string>> SweepAsync(IReadOnlySet<string> liveVmIds, CancellationToken cancellationToken)
    {
        using var turn = await TakeTurnAsync(cancellationToken);
        var orphans = (await Ports.ListAsync()).Where(tap => tap.VmId is null || !liveVmIds.Contains(tap.VmId)).ToList();
        foreach (var orphan in orphans)
            await Ports.RemoveAsync(orphan.Name, cancellationToken);
        return [.. orphans.Select(orphan => orphan.Name)];
    }

    /// <summary>What a VM has sent and received; null when it has no TAP.</summary>
    public async Task<NicCounters?> ReadCountersAsync(string vmId) =>
        (await Ports.ListAsync()).Where(tap => tap.VmId == vmId).Select(tap => (NicCounters?)tap.Counters).FirstOrDefault();

    /// <summary>What each VM that has a TAP has sent and received.</summary>
    public async Task<IReadOnlyDictionary<string, NicCounters>> ReadAllCountersAsync() =>
        (await Ports.ListAsync()).Where(tap => tap.VmId is not null).ToDictionary(tap => tap.VmId!, tap => tap.Counters);

    /// <summary>The connections to each VM that keep it awake, by its address: those that are open, and those that just were.</summary>
    public async Task<ILookup<IPAddress, VmFlow>> ListFlowsAsync(DateTimeOffset now)
    {
        var tracked = await Namespace.RunAsync(() =>
        {
            using var socket = NetlinkSocket.OpenNetfilter();
            return socket.ListFlows(NodeRules.UseMark);
        });
        return _flows.Take(tracked, now);
    }

    /// <summary>A TCP connection to a VM.</summary>
    /// <param name="ip">The VM's.</param>
    /// <param name="port">Of the VM.</param>
    /// <param name="keepsAwake">Whether it is among <see cref="ListFlowsAsync"/>.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="NodeException">Unavailable: nothing answers there.</exception>
    public async ValueTask<Stream> ConnectAsync(IPAddress ip, int port, bool keepsAwake, CancellationToken cancellationToken)
    {
        var socket = await Namespace.CreateSocketAsync(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.NoDelay = true;
            if (!keepsAwake)
                socket.SetRawSocketOption(SocketLevel, SocketMark, BitConverter.GetBytes(NodeRules.WatchMark));
            await socket.ConnectAsync(ip, port, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch (Exception e)
        {
            socket.Dispose();
            if (e is SocketException)
                throw new NodeException(NodeErrorKind.Unavailable, $"Nothing answers on port {port} of the VM: {e.Message}", inner: e);
            throw;
        }
    }

    /// <summary>Removes the node's network for good: namespace, cable and rules. Its VMs must be gone.</summary>
    public async Task RemoveAsync(CancellationToken cancellationToken)
    {
        using var turn = await TakeTurnAsync(cancellationToken);
        await _uplink.RemoveAsync(cancellationToken);
        _node?.Dispose();
        (_node, _ports) = (null, null);
        NetworkNamespace.Remove(_name);
    }

    public void Dispose()
    {
        if (_void.IsValueCreated)
            _void.Value.Dispose();
        _node?.Dispose();
        _gate.Dispose();
    }

    private static IPAddress ParseDnsServer(string text) =>
        IPAddress.TryParse(text, out var address) ? address : throw new NodeException(
            NodeErrorKind.Invalid, $"'{text}' is no address of a DNS server. Right is an IP address, for example 1.1.1.1.");

    /// <summary>No IPv6, no detours, and bridged frames are judged by the bridge's rules alone.</summary>
    private static void SetSwitches()
    {
        Sysctl.SetIfThere("net/ipv6/conf/all/disable_ipv6", "1");
        Sysctl.SetIfThere("net/ipv6/conf/default/disable_ipv6", "1");
        Sysctl.SetIfThere("net/bridge/bridge-nf-call-iptables", "0");
        Sysctl.SetIfThere("net/bridge/bridge-nf-call-arptables", "0");
        Sysctl.Set("net/ipv4/ip_forward", "1");
        foreach (var scope in (string[])["all", "default"])
        {
            Sysctl.Set($"net/ipv4/conf/{scope}/send_redirects", "0");
            Sysctl.Set($"net/ipv4/conf/{scope}/accept_redirects", "0");
        }
    }

    private async Task<NetworkNamespace> EnsureInsideAsync(CancellationToken cancellationToken)
    {
        _node ??= NetworkNamespace.Ensure(_name);
        _ports ??= new VmPorts(_node);
        await _node.RunAsync(SetSwitches);
        await ApplyRulesAsync(_node, cancellationToken);
        await _node.RunAsync(EnsureBridge);
        return _node;
    }

    private async Task ApplyRulesAsync(NetworkNamespace where, CancellationToken cancellationToken)
    {
        try
        {
            await Nft.ApplyAsync(where, NodeRules.Base, cancellationToken);
        }
        catch (CommandException e)
        {
            _log.LogWarning("The rules of this node's network are made anew, as they do not fit ours: {Reason}", e.Errors);
            await Nft.ApplyAsync(where, NodeRules.Forget + NodeRules.Base, cancellationToken);
        }
    }

    private void EnsureBridge()
    {
        using var socket = NetlinkSocket.OpenRoute();
        socket.SetUp(socket.FindLink("lo")!.Index);
        if (socket.FindLink(NetworkNames.Bridge) is null)
            socket.CreateBridge(NetworkNames.Bridge, PhysicalAddress.Parse(VmSubnet.MacOf(_subnet.Gateway)));
        var bridge = socket.FindLink(NetworkNames.Bridge)!.Index;
        socket.SetAddress(bridge, _subnet.Gateway, _subnet.Cidr.PrefixLength);
        socket.SetUp(bridge);
    }

    private async Task<IDisposable> TakeTurnAsync(CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        return new Turn(_gate);
    }

    private sealed class Turn(SemaphoreSlim gate) : IDisposable
    {
        public void Dispose() => gate.Release();
    }
}
