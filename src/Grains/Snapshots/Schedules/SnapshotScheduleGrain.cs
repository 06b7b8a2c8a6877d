using Hypeman.Contracts;
using Hypeman.Contracts.Errors;
using Hypeman.Contracts.Index;
using Hypeman.Contracts.Snapshots.Schedules;
using Hypeman.Grains.Records;
using Microsoft.Extensions.Logging;
using Orleans.Storage;

namespace Hypeman.Grains.Snapshots.Schedules;

/// <summary>
/// The shell around one schedule: decisions are in <see cref="ScheduleDecision"/>, slow work in <see cref="ScheduleWork"/>. A
/// reminder has it looked at on whatever silo there is, so that it goes on after anything.
/// </summary>
[GrainType("snapshot-schedule")]
internal sealed class SnapshotScheduleGrain : Grain, ISnapshotScheduleGrain, IRemindable
{
    private const string Reminder = "run";

    private readonly DirectState<Stored<ScheduleState>> _stored;
    private readonly StateCell<ScheduleState> _cell;
    private readonly ScheduleWork _work;
    private readonly GrainClock _clock;

    public SnapshotScheduleGrain(
        IGrainContext context, IGrainStorage storage, IResourceIndex index, IGrainFactory grains, GrainClock clock,
        ILogger<SnapshotScheduleGrain> logger)
    {
        _clock = clock;
        _stored = new DirectState<Stored<ScheduleState>>(storage, "snapshot-schedule", context.GrainId);
        _cell = new StateCell<ScheduleState>(_stored, _ => DeactivateOnIdle(), logger);
        _work = new ScheduleWork(_cell, index, grains, clock, EndAsync, logger);
    }

    private string InstanceId => this.GetPrimaryKeyString()[GrainKeys.SchedulePrefix.Length..];

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        await _stored.ReadStateAsync();
        _cell.Load();
        if (_cell.Value is { Run: not null })
            _work.Wake();
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        await _work.EndAsync();
        _cell.Close();
    }

    public Task<ScheduleInfo> GetAsync() => Task.FromResult(Required().ToInfo());

    // The reminder comes first: one without a schedule ends itself, a schedule without one would never run.
    public async Task<ScheduleInfo> SetAsync(ScheduleSpec spec)
    {
        await RemindAsync(ScheduleDecision.Set(_cell.Value, InstanceId, spec, _clock.Now));
        var state = await _cell.ChangeAsync(present => ScheduleDecision.Set(present, InstanceId, spec, _clock.Now), _ => Task.CompletedTask);
        return state!.ToInfo();
    }

    public async Task DeleteAsync()
    {
        _ = Required();
        await EndAsync();
    }

    public async Task ReceiveReminder(string reminderName, TickStatus status)
    {
        if (_cell.Value is null)
        {
            await ForgetAsync();
            return;
        }
        if (ScheduleDecision.ComesBetweenLooks(_cell.Value, _clock.Now))
            await RemindAsync(_cell.Value);
        _work.Wake();
    }

    private Task<IGrainReminder> RemindAsync(ScheduleState state)
    {
        var (pause, next) = (ScheduleDecision.Pause(state.Spec), state.NextRunAt - _clock.Now);
        return this.RegisterOrUpdateReminder(Reminder, next < TimeSpan.Zero ? TimeSpan.Zero : next < pause ? next : pause, pause);
    }

    private async Task EndAsync()
    {
        await _cell.ChangeAsync(_ => null, _ => Task.CompletedTask);
        await ForgetAsync();
    }

    private async Task ForgetAsync()
    {
        if (await this.GetReminder(Reminder) is { } reminder)
            await this.UnregisterReminder(reminder);
        DeactivateOnIdle();
    }

    private ScheduleState Required()
    {
        if (_cell.Value is null)
            DeactivateOnIdle();
        return _cell.Value ?? throw HypemanException.NotFound("snapshot schedule not found");
    }
}
