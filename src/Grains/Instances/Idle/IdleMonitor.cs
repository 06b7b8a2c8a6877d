using System.Collections.Concurrent;
using Hypeman.Contracts;
using Hypeman.Contracts.Instances;
using Hypeman.Contracts.Instances.Policies;
using Hypeman.Grains.Nodes;
using Hypeman.Grains.Records;
using Hypeman.NodeRuntime.Vms;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Hypeman.Grains.Instances.Idle;

/// <summary>
/// Looks once a second who uses the instances of this silo's nodes, beside their grains, and has those put to sleep that
/// nobody has used for long enough. A grain says what is to be watched whenever its record changes. What it sees costs no write
/// of a record; the nodes keep it.
/// </summary>
internal sealed class IdleMonitor(
    LocalNodes local, IGrainFactory grains, GrainClock clock, IOptions<IdleOptions> options, ILogger<IdleMonitor> logger)
    : ILifecycleParticipant<ISiloLifecycle>, IDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>A node that takes longer to say who uses its VMs does not know.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<string, Watch> _watches = new();

    /// <summary>Those that are to sleep, and wait for their turn or have it.</summary>
    private readonly ConcurrentDictionary<string, bool> _due = new();

    private readonly SemaphoreSlim _turns = new(options.Value.AtOnce);
    private readonly CancellationTokenSource _ended = new();
    private readonly HashSet<string> _silentNodes = [];
    private Task _looking = Task.CompletedTask;

    public void Participate(ISiloLifecycle lifecycle) => lifecycle.Subscribe(
        nameof(IdleMonitor), ServiceLifecycleStage.Active,
        _ =>
        {
            _looking = Task.Run(RunAsync, CancellationToken.None);
            return Task.CompletedTask;
        },
        async _ =>
        {
            await _ended.CancelAsync();
            await _looking;
        });

    public void Dispose()
    {
        _ended.Dispose();
        _turns.Dispose();
    }

    /// <summary>Has an instance of this silo watched, or not any more, as its record says. Called by its grain only.</summary>
    public void Follow(InstanceState state)
    {
        if (!InstanceIdle.IsWatched(state))
            Forget(state.Id);
        else
            _watches.AddOrUpdate(state.Id, _ => new Watch(state), (_, before) => before.Now(state));
    }

    /// <summary>The instance is gone from here.</summary>
    public void Forget(string id) => _watches.TryRemove(id, out _);

    /// <summary>Who uses an instance of this silo that is watched; null when that cannot be found out now.</summary>
    public async Task<InstanceUse?> LookAsync(InstanceState state)
    {
        var watch = _watches.GetValueOrDefault(state.Id) ?? new Watch(state);
        return await ActivitiesAsync(state.Home) is { } activities ? Note(watch, activities) : null;
    }

    private async Task RunAsync()
    {
        using var timer = new PeriodicTimer(Pause, clock.Time);
        try
        {
            while (await timer.WaitForNextTickAsync(_ended.Token))
                foreach (var node in _watches.Values.GroupBy(watch => watch.State.Home))
                    await JudgeAsync(node.Key, node);
        }
        catch (OperationCanceledException) when (_ended.IsCancellationRequested)
        {
            // The silo ends.
        }
    }

    private async Task JudgeAsync(string home, IEnumerable<Watch> watches)
    {
        try
        {
            if (await ActivitiesAsync(home) is { } activities)
                foreach (var watch in watches)
                    Judge(watch, activities);
        }
        catch (Exception error) when (!_ended.IsCancellationRequested)
        {
            logger.LogError(error, "Who uses the instances of node {Node} is looked at again in a moment", home);
        }
    }

    private async Task<IReadOnlyDictionary<string, VmActivity>?> ActivitiesAsync(string home)
    {
        using var deadline = new CancellationTokenSource(Patience, clock.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, _ended.Token);
        try
        {
            var activities = await local.Require(home).Vms.ReadActivityAsync(either.Token).WaitAsync(either.Token);
            lock (_silentNodes)
                _silentNodes.Remove(home);
            return activities;
        }
        catch (Exception error) when (!_ended.IsCancellationRequested)
        {
            lock (_silentNodes)
                if (_silentNodes.Add(home))
                    logger.LogWarning(error, "Node {Node} cannot tell who uses its instances, so none is put to sleep by itself", home);
            return null;
        }
    }

    /// <summary>What is seen now, together with what was seen before.</summary>
    private InstanceUse Note(Watch watch, IReadOnlyDictionary<string, VmActivity> activities)
    {
        var use = InstanceUse.Of(watch.Ignored, activities.GetValueOrDefault(watch.State.Id, VmActivity.None), clock.Now);
        var last = InstanceUse.Later(use.LastAt, watch.LastUseAt);
        if (last is { } at && at != watch.LastUseAt)
        {
            watch.LastUseAt = at;
            local.Find(watch.State.Home)?.Vms.KeepActivity(watch.State.Id, at);
        }
        return use with { LastAt = last };
    }

    private void Judge(Watch watch, IReadOnlyDictionary<string, VmActivity> activities)
    {
        var (state, use) = (watch.State, Note(watch, activities));
        if (InstanceIdle.IsDue(state, use, clock.Now) && _due.TryAdd(state.Id, true))
            _ = Task.Run(() => PutToSleepAsync(state.Id));
    }

    /// <summary>Its turn ends when it sleeps: as many are saved at a time, and no more.</summary>
    private async Task PutToSleepAsync(string id)
    {
        try
        {
            await _turns.WaitAsync(_ended.Token);
            try
            {
                // It may have been used while it waited.
                if (_watches.TryGetValue(id, out var watch))
                    await PutToSleepAsync(watch);
            }
            finally
            {
                _turns.Release();
            }
        }
        catch (OperationCanceledException) when (_ended.IsCancellationRequested)
        {
            // Whoever has the instance next finds it idle, too.
        }
        catch (Exception error)
        {
            logger.LogWarning(error, "Instance {Id} could not be put to sleep yet", id);
        }
        _due.TryRemove(id, out _);
    }

    private async Task PutToSleepAsync(Watch watch)
    {
        var instance = grains.Instance(watch.State.Id);
        if (!await instance.AsReference<IInstanceIdle>().SleepAsync(new IdleNews(InstanceRun.Of(watch.State), watch.LastUseAt)))
            return;
        using var deadline = new CancellationTokenSource(InstanceTiming.Deadline(OperationKind.Standby), clock.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, _ended.Token);
        await foreach (var _ in instance.FollowAsync(InstanceGoal.Standby, either.Token))
            break;
    }

    /// <summary>One instance that is watched.</summary>
    private sealed class Watch(InstanceState state)
    {
        public InstanceState State { get; } = state;
        public IgnoredTraffic Ignored { get; } = new(state.Spec.AutoStandby!);
        public DateTimeOffset? LastUseAt { get; set; }

        /// <summary>The same, with its record as it is now.</summary>
        public Watch Now(InstanceState state) => new(state) { LastUseAt = LastUseAt };
    }
}
