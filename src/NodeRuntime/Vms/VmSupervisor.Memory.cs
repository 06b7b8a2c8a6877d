using Hypeman.GuestProtocol.Events;
using Hypeman.GuestProtocol.Messages;
using Hypeman.NodeRuntime.Disks;
using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Guest;
using Hypeman.NodeRuntime.Linux;
using Hypeman.NodeRuntime.Memory.Compression;
using Microsoft.Extensions.Logging;

namespace Hypeman.NodeRuntime.Vms;

/// <summary>Standby and restore; all of it runs on the inbox's loop.</summary>
internal sealed partial class VmSupervisor
{
    private async Task<VmStatus> StandbyNowAsync(long epoch, Func<CancellationToken, Task> check, CancellationToken givenUp)
    {
        ThrowIfShuttingDown();
        if (_record is null)
            throw NotHere();
        Obey(epoch);
        if (_record.Stage == VmStage.Standby)
            return Status;
        if (_run is not { } current || Status.Phase != VmPhase.Running)
            throw new NodeException(NodeErrorKind.WrongPhase, $"The VM {_id} is {Status.Phase}; it must be {VmPhase.Running}.");
        if (!current.Hypervisor.Capabilities.Snapshots)
            throw new NodeException(NodeErrorKind.NotSupported, $"{current.Hypervisor.Name} cannot save memory on this host.");
        if (givenUp.IsCancellationRequested)
            throw GivenUp();
        await check(givenUp);

        _trail.Note("going to standby");
        Write(_record with { Stage = VmStage.Saving, Error = null });
        _steps = new VmSteps("Standby", _id, _host, _trail);
        current.IsPaused = true;
        Publish();
        await SaveOrGoOnAsync(current, (_record.Generation ?? 0) + 1, check, givenUp);
        await EndSavedAsync(current);
        return Status;
    }

    private async Task SaveOrGoOnAsync(VmRun current, int generation, Func<CancellationToken, Task> check, CancellationToken givenUp)
    {
        try
        {
            var saved = await new VmStandby(_host, _layout, _record!, current, _steps!)
                .RunAsync(_layout.Generation(generation), check, givenUp);
            Write(_record! with { Stage = VmStage.Standby, Generation = generation, Saved = saved });
        }
        catch (Exception) when (_shutdown.IsCancellationRequested)
        {
            // Taken up as it is by whoever reads the ledger next.
            throw new NodeException(NodeErrorKind.Unavailable, "The node is shutting down.");
        }
        catch (Exception e)
        {
            var reason = Reason(e, givenUp);
            var isUsed = reason.Kind == NodeErrorKind.Busy;
            _trail.Note(isUsed ? "the standby is undone: it is used again" : $"the standby failed: {reason.Message}");
            await ForgetSavedAsync(generation);
            TryWrite(_record! with { Stage = VmStage.Resuming, Error = isUsed ? null : reason.Message });
            await GoOnAsync(current);
            if (ReferenceEquals(reason, e))
                throw;
            throw reason;
        }
    }

    /// <summary>What was saved is all there is of it now: its process goes, and what it held.</summary>
    private async Task EndSavedAsync(VmRun current)
    {
        try
        {
            await new VmEnding(current, _trail, _host.Time).KillAsync();
        }
        catch (NodeException e)
        {
            (current.IsPaused, current.Trouble) = (false, e.Message);
            Publish();
            throw;
        }
        await current.DisposeAsync();
        await VmRelease.RunAsync(_host, _id, staysBooted: true);
        _steps!.Reach("end");
        Write(_record! with { Process = null, Timings = _steps.Timings });
        _run = null;
        DropMemory();
        _trail.Note("in standby");
        Publish();
    }

    private async Task<VmStatus> RestoreNowAsync(long epoch, CancellationToken givenUp)
    {
        ThrowIfShuttingDown();
        if (_record is null)
            throw NotHere();
        Obey(epoch);
        if (_run is not null)
            return Status;
        if (_record.Stage is not (VmStage.Standby or VmStage.Restoring))
            throw new NodeException(NodeErrorKind.WrongPhase, $"The VM {_id} is {Status.Phase}; it must be {VmPhase.Standby}.");
        if (givenUp.IsCancellationRequested)
            throw GivenUp();

        KeepNothingForOthers();
        _trail.Note("restoring");
        Write(_record with { Stage = VmStage.Restoring, Restores = _record.Restores + 1, Error = null });
        _steps = new VmSteps("Restoring the VM", _id, _host, _trail);
        Publish();
        var restored = await RestoreOrUndoAsync(givenUp);
        restored.ProgramStarted = GuestEventLog.Read(_layout.EventsFile, _record.EventsBoot).OfType<ProgramStarted>().Any();
        _run = restored;
        restored.Watch(_layout, _record, this, _host.BootDeadline, _host.Time, Wake());
        NoteAwakeWithoutAgent();
        Publish();
        return Status;
    }

    /// <returns>A VM whose processors run, as far as is known.</returns>
    private async Task<VmRun> RestoreOrUndoAsync(CancellationToken givenUp)
    {
        VmRun? restored = null;
        try
        {
            restored = await new VmRestore(_host, _layout, _record!, _steps!).RunAsync(
                identity => Write(_record! with { Process = identity }), givenUp);
            Write(_record! with { Stage = VmStage.Resuming, Timings = _steps!.Timings });
            await _steps.RunAsync("resume", restored.Control!.ResumeAsync, _shutdown.Token);
            return restored;
        }
        catch (Exception) when (_shutdown.IsCancellationRequested)
        {
            if (restored is not null)
                await restored.DisposeAsync();
            throw new NodeException(NodeErrorKind.Unavailable, "The node is shutting down.");
        }
        catch (NodeException e) when (
            restored is not null && _record!.Stage == VmStage.Resuming && e.Kind is NodeErrorKind.Unavailable or NodeErrorKind.TimedOut)
        {
            // It may have run, if only for a moment, and written to its disk: there is no way back.
            restored.Trouble = e.Message;
            return restored;
        }
        catch (Exception e)
        {
            var reason = Reason(e, givenUp);
            _trail.Note($"the restore failed: {reason.Message}");
            if (restored is not null)
                await restored.DisposeAsync();
            await VmRelease.RunWithProcessesAsync(_host, _id, staysBooted: true);
            TryWrite(_record! with { Stage = VmStage.Standby, Process = null, Timings = _steps!.Timings, Error = reason.Message });
            Publish();
            if (ReferenceEquals(reason, e))
                throw;
            throw reason;
        }
    }

    private VmStatus CompressNow(long epoch, CompressionSpec spec)
    {
        ThrowIfShuttingDown();
        if (_record is null)
            throw NotHere();
        Obey(epoch);
        // One that was restored meanwhile has said that it wants its memory as it is.
        if (_record is { Stage: VmStage.Standby, Generation: { } number })
            _host.Memory.Compress(_layout.Generation(number).Read().Base, spec);
        return Status;
    }

    private async Task StopStandbyAsync()
    {
        Write(VmOutcome.Stopped(_record!, _host.Time.GetUtcNow()) with { Error = null });
        await VmRelease.RunAsync(_host, _id);
        DropMemory();
        _trail.Note("stopped; what was saved of its memory is gone");
        Publish();
    }

    /// <summary>Of a standby that was cut off: the process is worth more, for the guest may have gone on meanwhile.</summary>
    private async Task TakeUpSavingAsync(VmRecord saving)
    {
        var generation = (saving.Generation ?? 0) + 1;
        if (saving.Process!.Value.IsAlive)
        {
            _trail.Note("undoing a standby that was cut off");
            await ForgetSavedAsync(generation);
            Write(saving with { Stage = VmStage.Resuming });
            await TakeUpAsync(_record!);
        }
        else if (_layout.Generation(generation).IsWhole)
        {
            var made = _layout.Generation(generation).Read();
            Write(saving with
            {
                Stage = VmStage.Standby,
                Generation = generation,
                Saved = new SavedMemory(
                    made.SavedAt, made.Changes?.Bytes ?? made.BaseBytes, made.BaseBytes, made.Changes?.Bytes ?? 0, made.Devices.Bytes),
            });
            await TakeUpStandbyAsync(_record!);
        }
        else
            await FinishAsync(wasAsked: false);
    }

    private async Task TakeUpStandbyAsync(VmRecord resting)
    {
        await VmRelease.RunWithProcessesAsync(_host, _id, staysBooted: true);
        if (resting is { Stage: VmStage.Standby, Process: null })
            return;
        _trail.Note(resting.Stage == VmStage.Restoring ? "undoing a restore that was cut off" : "in standby");
        Write(resting with
        {
            Stage = VmStage.Standby,
            Process = null,
            Error = resting.Stage == VmStage.Restoring ? "The node was restarted while it restored this VM; restore it again." : null,
        });
    }

    /// <summary>A guest that stands still, or stood still, goes on with what it has.</summary>
    private async Task GoOnAsync(VmRun current)
    {
        if (current.IsWatched)
        {
            // It need not have come so far that the link was closed, and there can be only one.
            await current.LeaveAgentAsync(GuestSession.Lost());
            current.ReachAgent(_layout, _record!, this, _host.BootDeadline, _host.Time, Wake());
        }
        else
            current.Watch(_layout, _record!, this, _host.BootDeadline, _host.Time, Wake());
        current.Trouble = await current.ResumeAsync(_layout, this, _host.Time);
        current.IsPaused = false;
        NoteAwakeWithoutAgent();
        Publish();
    }

    private GuestWake Wake()
    {
        var identity = Identity();
        return new GuestWake(_host.Time, VmIdentity.TextOf(identity) == _record!.KnownAs ? null : identity, _trail.Note);
    }

    private GuestIdentity Identity() => VmIdentity.Of(_record!.Spec, _host.Addresses.Take(_id));

    private void NoteAwakeWithoutAgent()
    {
        if (_record!.Spec.SkipGuestAgent)
            NoteAwake();
    }

    /// <summary>The guest has all that it needs to be told after a standstill.</summary>
    private void NoteAwake()
    {
        if (_record!.Stage is VmStage.Resuming or VmStage.Saving)
            TryWrite(_record with
            {
                Stage = VmStage.Started, KnownAs = VmIdentity.TextOf(Identity()), Timings = _steps?.Timings ?? _record.Timings,
            });
    }

    /// <summary>
    /// On a full disk the ledger stays as it is, at the step that came to nothing: whoever takes it up undoes that step once
    /// more, and until then we know better.
    /// </summary>
    private void TryWrite(VmRecord next)
    {
        try
        {
            Write(next);
        }
        catch (IOException e)
        {
            _trail.Note($"the ledger could not be written: {e.Message}");
        }
    }

    private async Task ForgetSavedAsync(int generation)
    {
        _layout.Generation(generation).Delete();
        await Task.Run(_host.Memory.Sweep);
    }

    /// <summary>Removes what was saved and is not the VM's latest, and the bases that nothing needs any more.</summary>
    private void DropMemory()
    {
        var kept = _record!.Generation is { } number ? _layout.Generation(number).Directory : null;
        var dropped = _layout.ListGenerations().Where(folder => folder.Directory != kept).ToList();
        if (dropped.Count == 0)
            return;
        dropped.ForEach(folder => folder.Delete());
        _host.Memory.Sweep();
    }

    /// <summary>Of a VM that we have not started ourselves. One whose manifest cannot be read is not worth less to us for that.</summary>
    private IDisposable? HoldBase(VmRecord running)
    {
        try
        {
            return running.Generation is { } number ? _host.Memory.Hold(_layout.Generation(number).Read().Base) : null;
        }
        catch (NodeException e)
        {
            _trail.Note($"what its memory is mapped from cannot be told: {e.Message}");
            return null;
        }
    }

    private NodeException Reason(Exception e, CancellationToken givenUp)
    {
        if (givenUp.IsCancellationRequested)
            return GivenUp();
        if (e is NodeException known)
            return known;
        if (e is IOException full && DiskFull.Is(full))
            return DiskFull.Translate(full);
        _host.Log.LogError(e, "VM {Vm} could not be saved or restored", _id);
        return new NodeException(NodeErrorKind.Internal, "The node could not do it; its log says why.", e.Message, e);
    }
}
