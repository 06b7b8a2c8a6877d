using System.Net;
using Hypeman.NodeRuntime.Linux.Netlink;

namespace Hypeman.NodeRuntime.Networks;

/// <summary>
/// The connections to the VMs of a node, of those that keep a VM awake. The kernel remembers each for a while after its
/// end (two minutes, or ten seconds after a reset), so that who looks now and then has seen them all, however short they were.
/// </summary>
internal sealed class FlowTable
{
    private readonly Lock _gate = new();
    private Dictionary<uint, DateTimeOffset>? _seen;

    /// <summary>Takes in what the kernel tracks now; returns it by the VM's address.</summary>
    internal ILookup<IPAddress, VmFlow> Take(IReadOnlyList<TrackedFlow> tracked, DateTimeOffset now)
    {
        lock (_gate)
        {
            var before = _seen;
            var seen = _seen = [];
            foreach (var flow in tracked)
                seen[flow.Id] = flow.IsOpen ? now : EndOf(flow);
            return tracked.ToLookup(
                flow => flow.Destination, flow => new VmFlow(flow.Source, flow.DestinationPort, flow.IsOpen, seen[flow.Id]));

            // Of what was over when we came, nobody can say since when.
            DateTimeOffset EndOf(TrackedFlow over) =>
                before is null ? DateTimeOffset.MinValue : before.GetValueOrDefault(over.Id, now);
        }
    }
}
