using System.Collections.Concurrent;
using Hypeman.Contracts;
using Hypeman.Contracts.Instances.Policies;
using Hypeman.Grains.Nodes;
using Hypeman.Grains.Records;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Hypeman.Grains.Instances.Health;

/// <summary>
/// Probes the instances of this silo's nodes, beside their grains. A grain says what is to be probed whenever its record
/// changes, and is told when a verdict does; what is counted in between is only here, so that a probe costs no write.
/// </summary>
internal sealed class HealthMonitor(
    LocalNodes local, IGrainFactory grains, GrainClock clock, IOptions<HealthOptions> options, ILogger<HealthMonitor> logger)
    : ILifecycleParticipant<ISiloLifecycle>, IDisposable
{
    private readonly ConcurrentDictionary<string, Watch> _watches = new();
    private readonly SemaphoreSlim _turns = new(options.Value.AtOnce);
    private readonly CancellationTokenSource _ended = new();

    public void Participate(ISiloLifecycle lifecycle) => lifecycle.Subscribe(
        nameof(HealthMonitor), ServiceLifecycleStage.Active, _ => Task.CompletedTask, _ => _ended.CancelAsync());

    public void Dispose()
    {
        _ended.Dispose();
        _turns.Dispose();
    }

    /// <summary>Has an instance of this silo probed, or not any more, as its record says. Called by its grain only.</summary>
    public void Follow(InstanceState state)
    {
        var run = InstanceRun.Of(state);
        if (!InstanceHealth.IsProbed(state))
            Forget(state.Id);
        else if (!_watches.TryGetValue(state.Id, out var present) || !present.IsOf(run, state.Spec.HealthCheck!))
        {
            Forget(state.Id);
            var watch = new Watch(state.Id, state.Home, run, state.Spec.HealthCheck!, state.Clock.Since, InstanceHealth.StatusOf(state)!, _ended.Token);
            _watches[state.Id] = watch;
            _ = Task.Run(() => RunAsync(watch));
        }
    }

    /// <summary>The instance is gone from here.</summary>
    public void Forget(string id)
    {
        if (_watches.TryRemove(id, out var watch))
            watch.Stop();
    }

    /// <summary>What is known now of one that is probed here; null of any other.</summary>
    public HealthStatus? Find(string id) => _watches.GetValueOrDefault(id)?.Status;

    private async Task RunAsync(Watch watch)
    {
        using var end = watch.End;
        try
        {
            while (await ProbeAsync(watch))
                await Task.Delay(watch.Check.Interval, clock.Time, end.Token);
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            // It is not to be probed any more.
        }
        _watches.TryRemove(KeyValuePair.Create(watch.Id, watch));
    }

    private async Task<bool> ProbeAsync(Watch watch)
    {
        await _turns.WaitAsync(watch.End.Token);
        string? error;
        try
        {
            error = await ErrorOfAsync(watch);
        }
        finally
        {
            _turns.Release();
        }
        watch.Status = HealthVerdict.After(watch.Status, watch.Check, error, clock.Now - watch.Since, clock.Now);
        return watch.Status.State == watch.Told || await TellAsync(watch);
    }

    private async Task<string?> ErrorOfAsync(Watch watch)
    {
        using var deadline = new CancellationTokenSource(watch.Check.Timeout, clock.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, watch.End.Token);
        try
        {
            return await HealthProbes.RunAsync(local.Require(watch.Home).Vms, watch.Id, watch.Check, either.Token).WaitAsync(either.Token);
        }
        catch (Exception) when (watch.End.IsCancellationRequested)
        {
            throw new OperationCanceledException(watch.End.Token);
        }
        catch (Exception) when (deadline.IsCancellationRequested)
        {
            return $"no answer within {watch.Check.Timeout.TotalSeconds:0.###} s";
        }
        catch (Exception error)
        {
            return error is HttpRequestException { InnerException: { } inner } ? inner.Message : error.Message;
        }
    }

    /// <summary>False: nobody wants to know it any more. What could not be told now is told after the next probe.</summary>
    private async Task<bool> TellAsync(Watch watch)
    {
        try
        {
            var instance = grains.GetGrain<IInstanceHealth>(GrainKeys.InstancePrefix + watch.Id);
            if (!await instance.NoteHealthAsync(new HealthNews(watch.Run, watch.Check, watch.Status)))
                return false;
            watch.Told = watch.Status.State;
        }
        catch (Exception error)
        {
            logger.LogWarning(error, "That instance {Id} is {State} could not be noted yet", watch.Id, watch.Status.State);
        }
        return true;
    }

    /// <summary>One instance that is probed.</summary>
    private sealed class Watch(
        string id, string home, InstanceRun run, HealthCheck check, DateTimeOffset since, HealthStatus known, CancellationToken silo)
    {
        public string Id { get; } = id;
        public string Home { get; } = home;
        public InstanceRun Run { get; } = run;
        public HealthCheck Check { get; } = check;

        /// <summary>When it began to run.</summary>
        public DateTimeOffset Since { get; } = since;

        public CancellationTokenSource End { get; } = CancellationTokenSource.CreateLinkedTokenSource(silo);

        public HealthStatus Status { get; set; } = known;

        /// <summary>What its grain knows.</summary>
        public HealthState Told { get; set; } = known.State;

        public void Stop()
        {
            try
            {
                End.Cancel();
            }
            catch (ObjectDisposedException)
            {
                // It has just ended by itself.
            }
        }

        public bool IsOf(InstanceRun other, HealthCheck by) => Run == other && InstanceHealth.IsSame(Check, by);
    }
}
