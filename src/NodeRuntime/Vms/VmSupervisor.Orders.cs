using System.Globalization;
using System.Net;
using Hypeman.GuestProtocol.Events;
using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Guest;
using Hypeman.NodeRuntime.Hypervisors;
using Hypeman.NodeRuntime.Linux;
using Hypeman.NodeRuntime.Networks;

namespace Hypeman.NodeRuntime.Vms;

/// <summary>What the supervisor does; all of it runs on the inbox's loop.</summary>
internal sealed partial class VmSupervisor
{
    private async Task<VmStatus> StartNowAsync(VmSpec spec, CancellationToken givenUp)
    {
        ThrowIfShuttingDown();
        if (_run is not null)
        {
            // :: It runs; only who may order it can have changed.
            Obey(spec.Epoch);
            return Status;
        }
        if (_record?.Stage is VmStage.Arriving or VmStage.Adopting)
            throw new NodeException(NodeErrorKind.WrongPhase, "The files of this VM have not all arrived from where they come from.");
        if (_record?.StartedBoot >= spec.Boot)
        {
            // The order is a repetition: this boot ran, and is over.
            Obey(spec.Epoch);
            return Status;
        }
        var hypervisor = _host.Hypervisor(spec.Hypervisor);
        if (givenUp.IsCancellationRequested)
            throw GivenUp();
        _trail.Note(string.Create(
            CultureInfo.InvariantCulture,
            $"starting boot {spec.Boot}: {hypervisor.Name}, {spec.Vcpus} vcpus, {spec.MemoryBytes >> 20} MiB, {spec.RootDigest}"));
        Write(NewRecord(spec, VmStage.Starting) with { StartedBoot = _record?.StartedBoot, StartedAt = _host.Time.GetUtcNow() });
        KeepNothingForOthers();
        DropMemory();
        _steps = new VmSteps("Starting the VM", _id, _host, _trail);
        Publish();
        await StartOrUndoAsync(givenUp);
        return Status;
    }

    private async Task StartOrUndoAsync(CancellationToken givenUp)
    {
        VmRun? started = null;
        try
        {
            started = await new VmStart(_host, _layout, _record!, _steps!).RunAsync(
                identity => Write(_record! with { Process = identity }), givenUp);
            Write(_record! with
            {
                Stage = VmStage.Started, StartedBoot = _record.Spec.Boot, KnownAs = VmIdentity.TextOf(Identity()), Timings = _steps!.Timings,
            });
            _run = started;
            started.Watch(_layout, _record, this, _host.BootDeadline, _host.Time);
            Publish();
        }
        catch (Exception) when (_shutdown.IsCancellationRequested)
        {
            // Undone by whoever takes the ledger up next.
            throw new NodeException(NodeErrorKind.Unavailable, "The node is shutting down.");
        }
        catch (Exception e)
        {
            var reason = givenUp.IsCancellationRequested ? GivenUp() : e;
            _trail.Note($"the start failed: {reason.Message}");
            if (started is not null)
                await started.DisposeAsync();
            await VmRelease.RunWithProcessesAsync(_host, _id);
            Write(_record! with
            {
                Stage = VmStage.Stopped,
                Process = null,
                StartedAt = null,
                Timings = _steps!.Timings,
                Error = reason is NodeException ? reason.Message : "The node could not start the VM; its log says why.",
            });
            Publish();
            if (ReferenceEquals(reason, e))
                throw;
            throw reason;
        }
    }

    private async Task<VmStatus> StopNowAsync(long epoch, TimeSpan grace, CancellationToken hurry)
    {
        ThrowIfShuttingDown();
        if (_record is null)
            throw NotHere();
        Obey(epoch);
        if (_run is { } current)
        {
            _trail.Note($"stopping, with {grace.TotalSeconds:0.#} s of grace");
            await EndAsync(current, ending => ending.EndAsync(grace, hurry));
        }
        else if (_record.Stage is VmStage.Standby or VmStage.Restoring)
            await StopStandbyAsync();
        return Status;
    }

    private async Task<bool> DeleteNowAsync(long epoch)
    {
        ThrowIfShuttingDown();
        if (_record is not null)
        {
            Obey(epoch);
            Write(_record with { Stage = VmStage.Deleting });
        }
        await FinishDeletionAsync();
        return true;
    }

    private async Task FinishDeletionAsync()
    {
        _trail.Note("deleting");
        if (_run is { } current)
            await EndAsync(current, ending => ending.KillAsync());
        await VmRelease.RunWithProcessesAsync(_host, _id);
        _host.Addresses.Release(_id);
        KeepNothingForOthers();
        Directory.Delete(_layout.Directory, recursive: true);
        _host.Memory.Sweep();
        _host.Board.Remove(_id);
        IsDeleted = true;
        _inbox.Close();
    }

    private async Task EndAsync(VmRun current, Func<VmEnding, Task> end)
    {
        current.IsEnding = true;
        Publish();
        try
        {
            await end(new VmEnding(current, _trail, _host.Time));
        }
        catch (NodeException e)
        {
            current.IsEnding = false;
            current.Trouble = e.Message;
            Publish();
            throw;
        }
        if (!_shutdown.IsCancellationRequested)
            await FinishAsync(wasAsked: true);
    }

    /// <summary>The process is gone: reads how it went, gives back what it held.</summary>
    private async Task FinishAsync(bool wasAsked)
    {
        if (_run is { } ended)
        {
            ended.IsEnding = true;
            Publish();
            await ended.DisposeAsync();
        }
        var deleting = _record!.Stage == VmStage.Deleting;
        var events = GuestEventLog.Read(_layout.EventsFile, _record.EventsBoot);
        await VmRelease.RunAsync(_host, _id);
        var outcome = VmOutcome.Of(_record, events, wasAsked, _host.Time.GetUtcNow());
        Write(outcome with { Stage = deleting ? VmStage.Deleting : VmStage.Stopped, Timings = _steps?.Timings ?? _record.Timings });
        _run = null;
        DropMemory();
        _trail.Note(outcome.ExitMessage ?? outcome.Error ?? "stopped");
        Publish();
    }

    /// <summary>Takes up what the ledger says.</summary>
    internal Task AdoptAsync() => _inbox.TryPost(async () =>
    {
        AtomicFile.Sweep(_layout.Directory);
        _record = VmLedger.Read(_layout.LedgerFile);
        if (_record is null)
            return true;
        lock (_gate)
            _latestEpoch = _record.Epoch;
        _host.Addresses.Restore(_id, IPAddress.Parse(_record.Ip));
        // What has arrived so far is gone on with.
        if (_record.Stage is not (VmStage.Adopting or VmStage.Arriving))
            _layout.Arrival.Delete();
        switch (_record.Stage)
        {
            // What has arrived stays; the owner repeats its order, or has it deleted.
            case VmStage.Stopped or VmStage.Arriving:
                break;
            case VmStage.Starting:
                _trail.Note("undoing a start that was cut off");
                await VmRelease.RunWithProcessesAsync(_host, _id);
                Write(_record with
                {
                    Stage = VmStage.Stopped,
                    Process = null,
                    StartedAt = null,
                    Error = "The node was restarted while it started this VM; start it again.",
                });
                break;
            case VmStage.Adopting:
                Adopt();
                break;
            case VmStage.Started or VmStage.Resuming:
                await TakeUpAsync(_record);
                break;
            case VmStage.Saving:
                await TakeUpSavingAsync(_record);
                break;
            case VmStage.Standby or VmStage.Restoring:
                await TakeUpStandbyAsync(_record);
                break;
            case VmStage.Deleting:
                await FinishDeletionAsync();
                return true;
        }
        DropMemory();
        Publish();
        return true;
    }, CancellationToken.None)!;

    private async Task TakeUpAsync(VmRecord running)
    {
        if (ProcessHandle.Open(running.Process!.Value) is not { } process)
        {
            _trail.Note("the hypervisor process ended while nobody watched");
            await FinishAsync(wasAsked: false);
            return;
        }
        _trail.Note($"taking up process {process.Identity.Pid}");
        var events = GuestEventLog.Read(_layout.EventsFile, running.EventsBoot);
        var hypervisor = _host.Hypervisors.FirstOrDefault(candidate => candidate.Name == running.Hypervisor)
            ?? _host.Hypervisors[0];
        var taken = new VmRun(process, hypervisor, control: null)
        {
            Held = HoldBase(running),
            ProgramStarted = events.OfType<ProgramStarted>().Any(),
            // It answered the one before us; we shall reach it in a moment.
            AgentAnswered = running.Stage == VmStage.Started && events.OfType<AgentReady>().Any(),
        };
        _run = taken;
        if (running.Spec.NetworkEnabled)
            await MendNetworkAsync(running);
        if (running.Stage == VmStage.Resuming)
        {
            await GoOnAsync(taken);
            return;
        }
        taken.Watch(
            _layout, running, this, running.StartedAt!.Value + _host.BootDeadline - _host.Time.GetUtcNow(), _host.Time);
        taken.Trouble = await taken.ProbeAsync(_layout, this, _host.Time);
    }

    /// <summary>Somebody may have flushed the rules of this VM meanwhile. It is not worth less to us without them.</summary>
    private async Task MendNetworkAsync(VmRecord running)
    {
        try
        {
            var limits = new NicLimits(running.Spec.DownloadBytesPerSecond, running.Spec.UploadBytesPerSecond);
            await _host.Network.AttachAsync(_id, _host.Addresses.Take(_id), limits, running.Uid, CancellationToken.None);
        }
        catch (Exception e) when (e is NodeException or CommandException or LinuxException)
        {
            _trail.Note($"the network of the VM could not be looked after: {e.Message}");
        }
    }

    private VmStatus Status => _host.Board.Find(_id) ?? throw NotHere();

    /// <summary>Recorded first, so that no earlier owner is obeyed after a crash.</summary>
    private void Obey(long epoch)
    {
        if (epoch == _record!.Epoch)
            return;
        Write(_record with { Epoch = epoch });
        Publish();
    }

    private void ThrowIfShuttingDown()
    {
        if (_shutdown.IsCancellationRequested)
            throw new NodeException(NodeErrorKind.Unavailable, "The node is shutting down.");
    }

    private NodeException NotHere() => new(NodeErrorKind.NotFound, $"This host has no VM {_id}.");

    private static NodeException GivenUp() =>
        new(NodeErrorKind.WrongPhase, "It was given up: the VM was ordered to stop.");
}
