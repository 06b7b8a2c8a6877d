using System.Net;
using Hypeman.NodeRuntime.Linux;
using Microsoft.Extensions.Logging;

namespace Hypeman.NodeRuntime.Networks;

/// <summary>
/// The network of one node: a namespace with a bridge, a TAP per VM and a veth out to the host. VMs reach the outside
/// and nothing else; only what asks through <see cref="ConnectAsync"/> reaches them.
/// </summary>
public sealed class NodeNetwork(string nodeId, NodeNetworkOptions options, NetworkNamespace host, ILogger<NodeNetwork> log)
    : IDisposable
{
    /// <summary>The file of the namespace, for processes that are to live in it.</summary>
    public string NamespacePath => NetworkNamespace.PathOf("hm-" + nodeId[..8]);

    /// <summary>For sockets and processes inside; there after <see cref="EnsureAsync"/>.</summary>
    public NetworkNamespace Namespace => throw new NotSupportedException();

    /// <summary>Makes what is missing and mends what is wrong. VMs that run keep their connections.</summary>
    public Task EnsureAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

    /// <summary>Picks an address that is not in use. The caller records it before it picks another.</summary>
    /// <exception cref="Errors.NodeException">InsufficientResources: the subnet is full.</exception>
    public VmAddress Allocate(IReadOnlySet<IPAddress> used) => throw new NotSupportedException();

    /// <summary>The user that runs the VM with this address.</summary>
    public uint UidOf(IPAddress ip) => throw new NotSupportedException();

    /// <summary>Makes the VM's TAP, opens the way for its address, and returns the TAP's name. Repeating it is fine.</summary>
    public Task<string> AttachAsync(
        string vmId, VmAddress address, NicLimits limits, uint ownerUid, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    /// <summary>Removes the TAP and its rules. Absent is no error.</summary>
    public Task DetachAsync(string vmId, CancellationToken cancellationToken) => throw new NotSupportedException();

    /// <summary>Names of all TAPs here.</summary>
    public Task<IReadOnlyList<string>> ListTapsAsync() => throw new NotSupportedException();

    /// <summary>Removes the TAPs and rules of VMs that are no more.</summary>
    public Task SweepAsync(IReadOnlySet<string> liveVmIds, CancellationToken cancellationToken) => throw new NotSupportedException();

    /// <summary>What a VM has sent and received; null when it has no TAP.</summary>
    public Task<NicCounters?> ReadCountersAsync(string vmId) => throw new NotSupportedException();

    /// <summary>A TCP connection to a VM.</summary>
    /// <exception cref="Errors.NodeException">Unavailable: nothing answers there.</exception>
    public ValueTask<Stream> ConnectAsync(IPAddress ip, int port, CancellationToken cancellationToken) => throw new NotSupportedException();

    /// <summary>Removes the node's network for good: namespace, veth and rules.</summary>
    public Task RemoveAsync() => throw new NotSupportedException();

    public void Dispose() => (_, _, _) = (options, log, host);
}
