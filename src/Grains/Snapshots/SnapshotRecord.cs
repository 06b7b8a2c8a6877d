using Hypeman.Contracts.Errors;
using Hypeman.Contracts.Index;
using Hypeman.Contracts.Snapshots;
using Hypeman.Grains.Records;

namespace Hypeman.Grains.Snapshots;

/// <summary>The record of one snapshot: written first, with its row of the index, then told to those who watch.</summary>
internal sealed class SnapshotRecord(StateCell<SnapshotState> cell, IResourceIndex index)
{
    public SnapshotState? State => cell.Value;

    public Watchers<SnapshotInfo> Watchers { get; } = new();

    /// <summary>This activation has seen the record, also if it is gone now.</summary>
    public bool WasThere { get; private set; }

    /// <exception cref="HypemanException"><c>not_found</c></exception>
    public SnapshotState Required => cell.Value ?? throw HypemanException.NotFound("snapshot not found");

    /// <exception cref="HypemanException"><c>conflict</c>: the instance has a snapshot of this name.</exception>
    public async Task CreateAsync(SnapshotState first)
    {
        try
        {
            await cell.ChangeAsync(_ => first, TellAsync);
        }
        catch (ResourceClaimedException)
        {
            throw new HypemanException(
                ErrorKind.Conflict, "conflict", $"instance {first.Order.SourceId} has a snapshot named '{first.Order.Spec.Name}' already");
        }
    }

    public async Task<SnapshotState> ChangeAsync(Func<SnapshotState, SnapshotState> change) => (await cell.ChangeAsync(
        state => change(state ?? throw HypemanException.NotFound("snapshot not found")), TellAsync))!;

    /// <summary>The last step of a delete.</summary>
    public async Task RemoveAsync()
    {
        await index.DeleteAsync(ResourceKind.Snapshot, Required.Id);
        await cell.ChangeAsync(_ => null, _ => Task.CompletedTask);
        WasThere = true;
        Watchers.End();
    }

    private Task TellAsync(SnapshotState? state)
    {
        if (state is not null)
            Watchers.Publish(state.ToInfo());
        return Task.CompletedTask;
    }
}
