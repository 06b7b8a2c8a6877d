using Hypeman.Contracts.Instances;
using Hypeman.Contracts.Snapshots;
using Hypeman.Gateway.Instances;
using Hypeman.Gateway.Requests;
using Hypeman.Gateway.Values;

namespace Hypeman.Gateway.Snapshots;

/// <summary>The bodies of the calls that go back to a snapshot, or make an instance from one.</summary>
internal static class UseSnapshotRequest
{
    public static RevertSpec ReadRestore(FieldReader fields) =>
        new() { Target = ForkInstanceRequest.Target(fields), Hypervisor = HypervisorName.FromBody(fields, "target_hypervisor") };

    public static ForkSpec ReadFork(FieldReader fields) => new()
    {
        Name = ResourceName.FromBody(fields),
        Target = ForkInstanceRequest.Target(fields),
        Hypervisor = HypervisorName.FromBody(fields, "target_hypervisor"),
    };
}
