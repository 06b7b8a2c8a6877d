using System.Runtime.CompilerServices;
using Hypeman.Contracts;
using Hypeman.Contracts.Errors;
using Hypeman.Contracts.Index;
using Hypeman.Contracts.Instances;
using Hypeman.Contracts.Instances.Policies;
using Hypeman.Contracts.Nodes;
using Hypeman.Contracts.Snapshots;
using Hypeman.Grains.Images;
using Hypeman.Grains.Instances.Health;
using Hypeman.Grains.Instances.Idle;
using Hypeman.Grains.Instances.Policies;
using Hypeman.Grains.Nodes;
using Hypeman.Grains.Records;
using Hypeman.Grains.Snapshots;
using Hypeman.NodeRuntime.Vms;
using Hypeman.NodeRuntime.Vms.Transfer;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Storage;

namespace Hypeman.Grains.Instances;

/// <summary>
/// The shell around one instance: decisions are in <see cref="InstanceLifecycle"/> and <see cref="InstanceObservation"/>,
/// the record in <see cref="InstanceRecord"/>, slow work in <see cref="InstanceOperator"/>. Away from its home it tells
/// what was last known, takes no command but delete, and waits to be moved back.
/// </summary>
[GrainType("instance"), PinnedPlacement]
internal sealed class InstanceGrain : Grain, IInstanceGrain, IInstanceReconcile, IInstanceMoves, IInstanceForks, IInstanceHealth, IInstanceIdle
{
    private readonly DirectState<Stored<InstanceState>> _stored;
    private readonly StateCell<InstanceState> _cell;
    private readonly InstanceRecord _record;
    private readonly InstanceOperator _operator;
    private readonly InstanceGuest _guest;
    private readonly GrainAlarm _alarm;
    private readonly DisplacedActivations _displaced;
    private readonly LocalNodes _local;
    private readonly NodeDirectory _nodes;
    private readonly NodeSilos _silos;
    private readonly GrainClock _clock;
    private readonly SnapshotOptions _snapshots;
    private readonly IdleMonitor _idle;
    private readonly ILogger<InstanceGrain> _logger;

    public InstanceGrain(
        IGrainContext context, IGrainStorage storage, IResourceIndex index, NodeBooks books, NodeDirectory nodes, RootUsers roots, LocalNodes local,
        NodeSilos silos, DisplacedActivations displaced, IGrainFactory grains, HealthMonitor health, IdleMonitor idle, GrainClock clock,
        IOptions<SnapshotOptions> snapshots, SnapshotCopies copies, ILogger<InstanceGrain> logger, IVmPeers? peers = null)
    {
        (_snapshots, _idle) = (snapshots.Value, idle);
        (_local, _nodes, _silos, _displaced, _clock, _logger) = (local, nodes, silos, displaced, clock, logger);
        _stored = new DirectState<Stored<InstanceState>>(storage, "instance", context.GrainId);
        _cell = new StateCell<InstanceState>(_stored, Leave, logger);
        _record = new InstanceRecord(_cell, index, books, nodes, local, health, idle, clock) { HomeChanged = FollowHome, Changed = SetAlarm };
        var move = new MoveSteps(_record, local, roots, grains, clock, logger, peers);
        _operator = new InstanceOperator(
            _record, new InstanceSteps(_record, local, roots, copies, move, clock), local, clock, logger);
        _guest = new InstanceGuest(_record, local, clock, logger);
        _alarm = new GrainAlarm(clock, ReconcileAsync, logger);
    }

    private string Id => this.GetPrimaryKeyString()[GrainKeys.InstancePrefix.Length..];

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        if (!PlacementHint.IsOfNew)
            await _stored.ReadStateAsync();
        _cell.Load();
        if (_record.State is { } state && !_local.IsHome(state.Home))
            _displaced.Add(GrainContext, state.Home);
        else
            _record.Book();
        TakeUp();
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        _displaced.Remove(GrainContext);
        _record.Watchers.Abandon();
        _alarm.End();
        _guest.End();
        await _operator.EndAsync();
        _cell.Close();
    }

    public async Task<InstanceInfo> CreateAsync(InstanceOrder order)
    {
        if (_record.State is not null)
            throw HypemanException.Invalid("already_exists", $"instance {Id} exists already");
        if (!_local.IsHome(order.Home))
            LeaveIfNothing();
        var node = _local.Require(order.Home);
        await _record.CreateAsync(
            InstanceLifecycle.Create(Id, order, order.Spec.Hypervisor ?? node.Facts.Hypervisors[0], _clock.Now));
        return Begun();
    }

    public Task<InstanceInfo> GetAsync()
    {
        LeaveIfNothing();
        return Task.FromResult(_record.Info);
    }

    public async Task<InstanceInfo> StartAsync(InstanceStartSpec spec)
    {
        RequireHome();
        await _record.StartAsync(state => InstanceLifecycle.Start(state, spec, _clock.Now));
        return Begun();
    }

    public async Task<InstanceInfo> StopAsync()
    {
        RequireHome();
        await _record.ChangeAsync(state => InstanceLifecycle.Stop(state, _clock.Now));
        return Begun();
    }

    public async Task<InstanceInfo> StandbyAsync(StandbySpec? spec)
    {
        RequireHome();
        await _record.ChangeAsync(state => InstanceLifecycle.Standby(state, spec, _snapshots.CompressionDefault, _clock.Now));
        return Begun();
    }

    public async Task<InstanceInfo> RestoreAsync()
    {
        RequireHome();
        await _record.StartAsync(state => InstanceLifecycle.Restore(state, _clock.Now));
        return Begun();
    }

    public Task<InstanceOrder> PrepareForkAsync(ForkSpec spec)
    {
        RequireHome();
        return Task.FromResult(InstanceFork.Of(_record.Required, spec));
    }

    public Task<SnapshotOrder> PrepareSnapshotAsync(SnapshotSpec spec)
    {
        RequireHome();
        return Task.FromResult(InstanceFork.SnapshotOf(_record.Required, spec, _snapshots.CompressionDefault));
    }

    public async Task<InstanceInfo> RevertAsync(RevertOrder order)
    {
        RequireHome();
        await _record.StartAsync(state => InstanceLifecycle.Revert(state, order, _clock.Now));
        return Begun();
    }

    public async Task<InstanceInfo> UpdateAsync(InstanceUpdate update)
    {
        RequireHome();
        await _record.ChangeAsync(state => InstanceUpdates.Apply(state, update, _clock.Now));
        return _record.Info;
    }

    public async Task DeleteAsync(bool graceful)
    {
        LeaveIfNothing();
        var deleted = await _record.ChangeAsync(state => InstanceLifecycle.Delete(state, graceful, _clock.Now));
        if (_nodes.RemovedAt(deleted.Home) is null)
            TakeUp(); // It may be gone already.
        else
            await _record.RemoveAsync(); // Its disks went with the node.
    }

    // A create that failed may be undone before its caller comes to watch it: the reason is in the last info.
    public IAsyncEnumerable<InstanceInfo> WatchAsync(CancellationToken cancellationToken) =>
        _record.Watchers.WatchAsync(
            _record.State is null && _record.Watchers.Last is { } last ? last : _record.Info, cancellationToken);

    public async IAsyncEnumerable<InstanceInfo> FollowAsync(InstanceGoal goal, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        InstanceInfo? last = null;
        await foreach (var info in WatchAsync(cancellationToken))
            if (goal.ProgressOf(last = info) != Progress.Pending)
                break;
        if (last is not null)
            yield return last;
    }

    public IAsyncEnumerable<GuestOutput> OpenGuestAsync(
        string sessionId, GuestRequest request, CancellationToken cancellationToken) =>
        _guest.OpenAsync(sessionId, request, cancellationToken);

    public Task<bool> SendGuestAsync(string sessionId, GuestInput input) => _guest.SendAsync(sessionId, input);

    public Task<GuestPathInfo> StatAsync(string path, bool followLinks) => _guest.StatAsync(path, followLinks);

    public async Task<InstanceStats> StatsAsync()
    {
        RequireHome();
        return await InstanceUsage.ReadAsync(_local.Require(_record.Required.Home).Vms, _record.Required);
    }

    public IAsyncEnumerable<LogLines> ReadLogAsync(LogQuery query, CancellationToken cancellationToken) =>
        _guest.ReadLogAsync(query, cancellationToken);

    public async Task ObserveAsync(VmObservation observation)
    {
        LeaveIfNothing();
        // What another node still has of it, before or after a move, is no news.
        if (_record.State is { } present && (observation.Node ?? present.Home) == present.Home)
            await _record.ChangeAsync(state => InstanceObservation.Observe(state, ObservedVm.Of(observation), _clock.Now));
    }

    public async Task<bool> ReconcileAsync()
    {
        LeaveIfNothing();
        if (_record.State is not { } state)
            return false;
        if (_local.IsHome(state.Home))
        {
            await LookAsync(_local.Require(state.Home).Vms.Find(state.Id));
            await RestartAsync();
        }
        else if (!_silos.IsUp(state.Home))
            await _record.ChangeAsync(now => InstanceMove.GiveUpLost(now, _nodes.RemovedAt(now.Home) is not null, _clock.Now));
        await _record.RepairAsync();
        TakeUp();
        return true;
    }

    public async Task<bool> NoteHealthAsync(HealthNews news)
    {
        LeaveIfNothing();
        if (_record.State is null)
            return false;
        await _record.ChangeAsync(state => InstanceHealth.Note(state, news, _clock.Now));
        return true;
    }

    public async Task<AutoStandbyStatus> AutoStandbyAsync()
    {
        LeaveIfNothing();
        var state = _record.Required;
        var isWatched = _local.IsHome(state.Home) && InstanceIdle.IsWatched(state);
        return InstanceIdle.StatusOf(state, isWatched ? await _idle.LookAsync(state) : null, _clock.Now);
    }

    public async Task<AutoStandbyStatus> HoldAsync()
    {
        RequireHome();
        await _record.ChangeAsync(state => InstanceIdle.Hold(state, _clock.Now));
        return await AutoStandbyAsync();
    }

    public async Task<bool> SleepAsync(IdleNews news)
    {
        LeaveIfNothing();
        if (_record.State is null)
            return false;
        var state = await _record.ChangeAsync(state => InstanceIdle.Sleep(state, news, _snapshots.CompressionDefault, _clock.Now));
        TakeUp();
        return state.Operation is { OnlyIfIdle: true };
    }

    public Task<InstanceOwner?> OwnerAsync()
    {
        LeaveIfNothing();
        return Task.FromResult(_record.State is { } state ? new InstanceOwner(state.Home, state.MovedFrom, state.Epoch) : null);
    }

    public async Task MoveAsync(string target, DrainRunning running)
    {
        RequireHome();
        await _record.ChangeAsync(state => state.Operation is { Kind: OperationKind.Move } move && move.Target == target
            ? state
            : InstanceMove.Begin(state, target, running, _clock.Now));
        TakeUp();
    }

    public async Task CancelMoveAsync()
    {
        LeaveIfNothing();
        await _record.ChangeAsync(state => InstanceMove.Cancel(state, _clock.Now));
        TakeUp();
    }

    private Task<InstanceState> LookAsync(VmStatus? seen) => _record.ChangeAsync(now => seen switch
    {
        { Phase: VmPhase.Arriving } => InstanceExpiry.Enforce(now, _clock.Now),
        null => InstanceObservation.Correct(InstanceObservation.ObserveAbsent(now, _clock.Now), _clock.Now),
        _ => InstanceObservation.Correct(
            InstanceObservation.Observe(now, ObservedVm.Of(seen.ToObservation()), _clock.Now), _clock.Now),
    });

    // The one thing that it does by itself for which its node must have room.
    private async Task RestartAsync()
    {
        if (_record.State is not { } state || !InstanceRestart.IsDue(state, _clock.Now))
            return;
        try
        {
            var begun = await _record.StartAsync(now => InstanceRestart.Start(now, _clock.Now));
            var end = state.Observed.ExitMessage ?? "no word";
            _operator.Log($"Started again by its restart policy, attempt {begun.Restart.Attempts}; it had ended with {end}");
        }
        catch (HypemanException refused) when (refused.Kind != ErrorKind.Unavailable)
        {
            _operator.Log($"Cannot be started again now: {refused.Message}");
            var why = new InstanceFailure(refused.Kind, refused.Code, refused.Message);
            await _record.ChangeAsync(now => InstanceRestart.Refused(now, why, _clock.Now));
        }
    }

    // Elsewhere nothing is done but at home.
    private void SetAlarm() =>
        _alarm.Set(_record.State is { } state && _local.IsHome(state.Home) ? InstanceAgenda.DueAt(state) : null);

    /// <summary>For commands that a stand-in does not take.</summary>
    private void RequireHome()
    {
        LeaveIfNothing();
        _ = _local.Require(_record.Required.Home);
    }

    private InstanceInfo Begun()
    {
        TakeUp();
        return _record.Info;
    }

    private void TakeUp()
    {
        if (_record.State?.Operation is { } operation)
            DelayDeactivation(InstanceTiming.Deadline(operation.Kind));
        SetAlarm();
        _operator.Wake();
    }

    // A look-up of what never was here must not stay in memory. One that was deleted stays a while, so that those who
    // watched it can still be told.
    private void LeaveIfNothing()
    {
        if (_record is { State: null, WasThere: false })
            DeactivateOnIdle();
    }

    // It ends here, and a call wakes it at its home, which the record names. It is not migrated: two silos that send an
    // activation to each other wait for each other, and a move that fails as soon as it has begun would do that.
    private void FollowHome()
    {
        _displaced.Remove(GrainContext);
        if (_record.State is not { } state || _local.IsHome(state.Home))
            return;
        _displaced.ExpectStrays();
        DeactivateOnIdle();
        if (_silos.IsUp(state.Home))
            GrainFactory.GetGrain<IInstanceReconcile>(this.GetPrimaryKeyString()).ReconcileAsync().Ignore();
    }

    private void Leave(string reason)
    {
        _logger.LogDebug("Instance grain {Id} leaves: {Reason}", Id, reason);
        DeactivateOnIdle();
    }
}
