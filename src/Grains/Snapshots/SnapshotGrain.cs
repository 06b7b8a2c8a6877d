using Hypeman.Contracts;
using Hypeman.Contracts.Errors;
using Hypeman.Contracts.Index;
using Hypeman.Contracts.Instances;
using Hypeman.Contracts.Snapshots;
using Hypeman.Grains.Images;
using Hypeman.Grains.Nodes;
using Hypeman.Grains.Records;
using Hypeman.NodeRuntime.Snapshots;
using Microsoft.Extensions.Logging;
using Orleans.Storage;

namespace Hypeman.Grains.Snapshots;

/// <summary>
/// The shell around one snapshot, on the node that holds it: decisions are in <see cref="SnapshotLifecycle"/>, the record in
/// <see cref="SnapshotRecord"/>, slow work in <see cref="SnapshotWork"/>. Away from its home it tells what is known, and
/// remembers a delete.
/// </summary>
[GrainType("snapshot"), PinnedPlacement]
internal sealed class SnapshotGrain : Grain, ISnapshotGrain, ISnapshotUses
{
    private readonly DirectState<Stored<SnapshotState>> _stored;
    private readonly StateCell<SnapshotState> _cell;
    private readonly SnapshotRecord _record;
    private readonly SnapshotWork _work;
    private readonly DisplacedActivations _displaced;
    private readonly NodeDirectory _nodes;
    private readonly LocalNodes _local;
    private readonly GrainClock _clock;

    public SnapshotGrain(
        IGrainContext context, IGrainStorage storage, IResourceIndex index, RootUsers roots, LocalNodes local, NodeDirectory nodes,
        DisplacedActivations displaced, GrainClock clock, ILogger<SnapshotGrain> logger)
    {
        (_local, _nodes, _displaced, _clock) = (local, nodes, displaced, clock);
        _stored = new DirectState<Stored<SnapshotState>>(storage, "snapshot", context.GrainId);
        _cell = new StateCell<SnapshotState>(_stored, _ => DeactivateOnIdle(), logger);
        _record = new SnapshotRecord(_cell, index);
        _work = new SnapshotWork(_record, local, roots, clock, logger);
    }

    private string Id => this.GetPrimaryKeyString()[GrainKeys.SnapshotPrefix.Length..];

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        if (!PlacementHint.IsOfNew)
            await _stored.ReadStateAsync();
        _cell.Load();
        if (_record.State is { } state && !_local.IsHome(state.Order.Home))
            _displaced.Add(GrainContext, state.Order.Home);
        TakeUp();
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        _displaced.Remove(GrainContext);
        _record.Watchers.Abandon();
        await _work.EndAsync();
        _cell.Close();
    }

    public async Task<SnapshotInfo> TakeAsync(SnapshotOrder order)
    {
        if (_record.State is not null)
            throw new HypemanException(ErrorKind.Conflict, "conflict", $"snapshot {Id} exists already");
        if (!_local.IsHome(order.Home))
            LeaveIfNothing();
        _ = _local.Require(order.Home);
        await _record.CreateAsync(SnapshotLifecycle.Take(Id, order, _clock.Now));
        TakeUp();
        return _record.Required.ToInfo();
    }

    public async Task<bool> MoveAsync(string target)
    {
        LeaveIfNothing();
        var state = await _record.ChangeAsync(state => SnapshotLifecycle.MovedTo(state, target));
        if (!_local.IsHome(state.Order.Home))
        {
            // The loop of displaced activations tries again, if it cannot be at once.
            _displaced.Add(GrainContext, state.Order.Home);
            GrainContext.Migrate(PlacementHint.For(state.Order.Home), CancellationToken.None);
        }
        return state.Order.Home == target;
    }

    // What the node is still at is told as it is now, not as it was when somebody last looked.
    public Task<SnapshotInfo> GetAsync()
    {
        LeaveIfNothing();
        var state = _record.Required;
        return Task.FromResult(
            (Seen(state) is { } seen ? SnapshotLifecycle.Seen(state, seen) : state).ToInfo());
    }

    public async Task DeleteAsync()
    {
        LeaveIfNothing();
        var deleted = await _record.ChangeAsync(SnapshotLifecycle.Delete);
        if (_nodes.RemovedAt(deleted.Order.Home) is null)
            TakeUp();
        else
            await _record.RemoveAsync(); // Its files went with the node.
    }

    // One that could not be taken may be gone before its caller comes to watch it: the reason is in the last info.
    public IAsyncEnumerable<SnapshotInfo> WatchAsync(CancellationToken cancellationToken) =>
        _record.Watchers.WatchAsync(
            _record.State is null && _record.Watchers.Last is { } last ? last : _record.Required.ToInfo(), cancellationToken);

    public Task<InstanceOrder> PrepareForkAsync(ForkSpec spec)
    {
        RequireHome();
        return Task.FromResult(SnapshotLifecycle.Fork(_record.Required, spec));
    }

    public Task<RevertOrder> PrepareRevertAsync(string instanceId, RevertSpec wish)
    {
        RequireHome();
        return Task.FromResult(SnapshotLifecycle.Revert(_record.Required, instanceId, wish));
    }

    public async Task<bool> ReconcileAsync()
    {
        LeaveIfNothing();
        if (_record.State is { } state && Seen(state) is { } seen)
            await _record.ChangeAsync(now => SnapshotLifecycle.Seen(now, seen));
        TakeUp();
        return _record.State is not null;
    }

    private SnapshotStatus? Seen(SnapshotState state) => _local.Find(state.Order.Home)?.Snapshots.Find(Id);

    private void RequireHome()
    {
        LeaveIfNothing();
        _ = _local.Require(_record.Required.Order.Home);
    }

    private void TakeUp()
    {
        if (_record.State is { Phase: not SnapshotPhase.Ready })
            DelayDeactivation(SnapshotLifecycle.TakeDeadline);
        _work.Wake();
    }

    // A look-up of what never was here must not stay in memory. One that is gone stays a while, for those who watched it.
    private void LeaveIfNothing()
    {
        if (_record is { State: null, WasThere: false })
            DeactivateOnIdle();
    }
}
