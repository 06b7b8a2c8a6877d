using Hypeman.Contracts;
using Hypeman.Contracts.Errors;
using Hypeman.Contracts.Instances;
using Hypeman.Contracts.Snapshots;
using Hypeman.Grains.Instances;
using Hypeman.Grains.Nodes;
using Orleans.Concurrency;

namespace Hypeman.Grains.Snapshots;

/// <summary>Asks those whom it is about whether it can be, then has it done. Nothing is left behind when one of them says no.</summary>
[GrainType("snapshot-factory"), StatelessWorker]
internal sealed class SnapshotFactoryGrain(InstanceCopies copies) : Grain, ISnapshotFactoryGrain
{
    public async Task<SnapshotInfo> TakeAsync(string instanceId, SnapshotSpec spec)
    {
        var order = await Instance(instanceId).PrepareSnapshotAsync(spec);
        return await PlacementHint.CallNewAsync(order.Home, () => GrainFactory.Snapshot(ResourceId.New()).TakeAsync(order));
    }

    public async Task<InstanceInfo> ForkAsync(string snapshotId, ForkSpec spec)
    {
        try
        {
            return await copies.MakeAsync(await Snapshot(snapshotId).PrepareForkAsync(spec));
        }
        catch (HypemanException taken) when (taken.Code == "name_conflict")
        {
            // What is called so when an instance is copied.
            throw new HypemanException(ErrorKind.Conflict, "conflict", taken.Message);
        }
    }

    public async Task<InstanceInfo> RevertAsync(string instanceId, string snapshotId, RevertSpec wish)
    {
        var order = await Snapshot(snapshotId).PrepareRevertAsync(instanceId, wish);
        return await Instance(instanceId).RevertAsync(order);
    }

    private IInstanceForks Instance(string id) => GrainFactory.GetGrain<IInstanceForks>(GrainKeys.InstancePrefix + id);

    private ISnapshotUses Snapshot(string id) => GrainFactory.GetGrain<ISnapshotUses>(GrainKeys.SnapshotPrefix + id);
}
