using Hypeman.Contracts;
using Hypeman.Contracts.Errors;
using Hypeman.Contracts.Index;
using Hypeman.Contracts.Instances;
using Hypeman.Grains.Errors;
using Hypeman.Grains.Images;
using Hypeman.Grains.Nodes;
using Hypeman.Grains.Records;
using Hypeman.GuestProtocol.Messages;
using Hypeman.NodeRuntime.Nodes;
using Microsoft.Extensions.Logging;
using GuestRequest = Hypeman.Contracts.Instances.GuestRequest;

namespace Hypeman.Grains.Instances;

/// <summary>
/// The shell around one instance: decisions are in <see cref="InstanceLifecycle"/> and <see cref="InstanceObservation"/>,
/// the record in <see cref="InstanceRecord"/>, slow work in <see cref="InstanceOperator"/>. Away from its home it tells
/// what was last known, takes no command but delete, and waits to be moved back.
/// </summary>
[GrainType("instance"), PinnedPlacement]
internal sealed class InstanceGrain : Grain, IInstanceGrain, IInstanceReconcile
{
    private static readonly TimeSpan StatPatience = TimeSpan.FromSeconds(10);

    private readonly StateCell<InstanceState> _cell;
    private readonly InstanceRecord _record;
    private readonly InstanceOperator _operator;
    private readonly GuestSessions _sessions;
    private readonly DisplacedActivations _displaced;
    private readonly LocalNode _local;
    private readonly GrainClock _clock;
    private readonly ILogger<InstanceGrain> _logger;

    public InstanceGrain(
        [PersistentState("instance")] IPersistentState<Stored<InstanceState>> storage, IResourceIndex index, NodeBooks books,
        RootUsers roots, LocalNode local, DisplacedActivations displaced, GrainClock clock, ILogger<InstanceGrain> logger)
    {
        (_local, _displaced, _clock, _logger) = (local, displaced, clock, logger);
        _cell = new StateCell<InstanceState>(storage, Leave, logger);
        _record = new InstanceRecord(_cell, index, books, local, logger);
        _operator = new InstanceOperator(
            _record, new InstanceSteps(_record, local, roots, clock), local, clock, logger);
        _sessions = new GuestSessions(clock, logger);
    }

    private string Id => this.GetPrimaryKeyString()[GrainKeys.InstancePrefix.Length..];

    private INode Node => _local.Require(_record.Required.Home);

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _cell.Load();
        if (_record.State is { } state && !_local.IsHome(state.Home))
            _displaced.Add(this.GetGrainId(), state.Home);
        TakeUp();
        return Task.CompletedTask;
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        _displaced.Remove(this.GetGrainId());
        _record.Watchers.Abandon();
        _sessions.End();
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
        LeaveIfNothing();
        _ = Node;
        await _record.StartAsync(state => InstanceLifecycle.Start(state, spec, _clock.Now));
        return Begun();
    }

    public async Task<InstanceInfo> StopAsync()
    {
        LeaveIfNothing();
        _ = Node;
        await _record.ChangeAsync(state => InstanceLifecycle.Stop(state, _clock.Now));
        return Begun();
    }

    public async Task DeleteAsync(bool graceful)
    {
        LeaveIfNothing();
        await _record.ChangeAsync(state => InstanceLifecycle.Delete(state, graceful, _clock.Now));
        Begun();
    }

    // A create that failed may be undone before its caller comes to watch it: the reason is in the last info.
    public IAsyncEnumerable<InstanceInfo> WatchAsync(CancellationToken cancellationToken) =>
        _record.Watchers.WatchAsync(
            _record.State is null && _record.Watchers.Last is { } last ? last : _record.Info, cancellationToken);

    public IAsyncEnumerable<GuestOutput> OpenGuestAsync(
        string sessionId, GuestRequest request, CancellationToken cancellationToken)
    {
        var node = RunningNode();
        return _sessions.OpenAsync(node.Vms, Id, sessionId, request, cancellationToken)
            .Expected(_logger, $"a guest session of instance {Id}", cancellationToken);
    }

    public Task<bool> SendGuestAsync(string sessionId, GuestInput input) => _sessions.SendAsync(sessionId, input);

    public async Task<GuestPathInfo> StatAsync(string path, bool followLinks)
    {
        using var patience = new CancellationTokenSource(StatPatience, _clock.Time);
        var request = new StatRequest { Path = path, FollowLinks = followLinks };
        try
        {
            return (await RunningNode().Vms.StatAsync(Id, request, patience.Token)).ToPathInfo();
        }
        catch (OperationCanceledException) when (patience.IsCancellationRequested)
        {
            throw new HypemanException(
                ErrorKind.TimedOut, "timeout", $"the guest did not answer within {StatPatience.TotalSeconds:0} seconds");
        }
    }

    public IAsyncEnumerable<LogLines> ReadLogAsync(LogQuery query, CancellationToken cancellationToken) =>
        InstanceLog.ReadAsync(Node.Vms, Id, query, cancellationToken).Expected(_logger, $"a log of instance {Id}", cancellationToken);

    public async Task ObserveAsync(VmObservation observation)
    {
        LeaveIfNothing();
        if (_record.State is not null)
            await _record.ChangeAsync(state => InstanceObservation.Observe(state, ObservedVm.Of(observation), _clock.Now));
    }

    public async Task<bool> ReconcileAsync()
    {
        LeaveIfNothing();
        if (_record.State is not { } state)
            return false;
        if (!_local.IsHome(state.Home))
            return true;
        var seen = _local.Node!.Vms.Find(state.Id)?.ToObservation();
        await _record.ChangeAsync(now => InstanceObservation.Correct(
            seen is null
                ? InstanceObservation.ObserveAbsent(now, _clock.Now)
                : InstanceObservation.Observe(now, ObservedVm.Of(seen), _clock.Now),
            _clock.Now));
        await _record.RepairAsync();
        TakeUp();
        return true;
    }

    private INode RunningNode()
    {
        var node = Node;
        InstanceLifecycle.RequireRunning(_record.Required);
        return node;
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
        _operator.Wake();
    }

    // A look-up of what never was here must not stay in memory. One that was deleted stays a while, so that those who
    // watched it can still be told.
    private void LeaveIfNothing()
    {
        if (_record is { State: null, WasThere: false })
            DeactivateOnIdle();
    }

    private void Leave(string reason)
    {
        _logger.LogDebug("Instance grain {Id} leaves: {Reason}", Id, reason);
        DeactivateOnIdle();
    }
}
