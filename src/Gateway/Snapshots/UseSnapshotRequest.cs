using Hypeman.Contracts.Instances;
using Hypeman.Gateway.Instances;
using Hypeman.Gateway.Requests;

namespace Hypeman.Gateway.Snapshots;

/// <summary>The bodies of the calls that go back to a snapshot, or make an instance from one.</summary>
internal static class UseSnapshotRequest
{
    public static InstancePhase? ReadRestore(FieldReader fields)
    {
        LaterFields.RefuseTargetHypervisor(fields);
        return ForkInstanceRequest.Target(fields);
    }

    public static ForkSpec ReadFork(FieldReader fields)
    {
        LaterFields.RefuseTargetHypervisor(fields);
        return new ForkSpec { Name = ResourceName.FromBody(fields), Target = ForkInstanceRequest.Target(fields) };
    }
}
