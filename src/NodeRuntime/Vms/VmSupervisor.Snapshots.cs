using Hypeman.NodeRuntime.Disks;
using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Memory;
using Hypeman.NodeRuntime.Snapshots;

namespace Hypeman.NodeRuntime.Vms;

/// <summary>
/// Snapshots of this VM, and this VM as the copy of one. A snapshot comes into a folder of its own first; when it is whole
/// there the ledger says so, and its files take the place of the VM's: whoever takes the ledger up goes on with that.
/// </summary>
internal sealed partial class VmSupervisor
{
    private const int FirstGeneration = 1;

    /// <summary>Fills a folder with what is to be copied.</summary>
    internal delegate Task Filling(SnapshotFolder folder, CancellationToken cancellationToken);

    /// <summary>
    /// The folder is the caller's: when this ends, be it cancelled, nothing writes to it any more. Its outcome is null when it
    /// cannot be now, but will be able to shortly.
    /// </summary>
    /// <inheritdoc cref="StartAsync(VmSpec, CancellationToken)"/>
    internal Task<SnapshotManifest?>? CaptureAsync(long epoch, SnapshotFolder into, bool withMemory, CancellationToken cancellationToken)
    {
        var givenUp = AdmitInterruptible(epoch);
        return _inbox.TryPostToEnd(() => CaptureNowAsync(epoch, into, withMemory, givenUp, cancellationToken), cancellationToken);
    }

    /// <inheritdoc cref="StartAsync(VmSpec, CancellationToken)"/>
    internal Task<VmStatus>? ForkAsync(VmSpec spec, Filling fill, bool withMemory, CancellationToken cancellationToken) =>
        Interruptible(spec.Epoch, givenUp => ForkNowAsync(spec, fill, withMemory, givenUp, cancellationToken), cancellationToken);

    /// <inheritdoc cref="StartAsync(VmSpec, CancellationToken)"/>
    internal Task<VmStatus>? RevertAsync(VmSpec spec, Filling fill, CancellationToken cancellationToken) =>
        Interruptible(spec.Epoch, givenUp => RevertNowAsync(spec, fill, givenUp, cancellationToken), cancellationToken);

    private async Task<SnapshotManifest?> CaptureNowAsync(
        long epoch, SnapshotFolder into, bool withMemory, CancellationToken givenUp, CancellationToken callerLeft)
    {
        if (callerLeft.IsCancellationRequested)
            throw GivenUp();
        ThrowIfShuttingDown();
        if (_record is null)
            throw NotHere();
        Obey(epoch);
        if (VmPhases.IsPassing(Status.Phase))
            return null;
        RequireCapturable(withMemory);
        _trail.Note(withMemory ? "taking a snapshot" : "taking a snapshot of the disk");
        using var either = CancellationTokenSource.CreateLinkedTokenSource(givenUp, callerLeft);
        try
        {
            either.Token.ThrowIfCancellationRequested();
            into.Begin();
            var takenAt = _host.Time.GetUtcNow();
            var memory = _run is { } current
                ? await CaptureRunningAsync(current, into, withMemory, either.Token)
                : await CaptureRestingAsync(into, withMemory, either.Token);
            var manifest = new SnapshotManifest
            {
                TakenAt = takenAt,
                Spec = _record.Spec with { Boot = _record.EventsBoot },
                Hypervisor = _record.Hypervisor,
                Memory = memory,
            };
            into.Write(manifest);
            return manifest;
        }
        catch (Exception e)
        {
            into.Delete();
            await Task.Run(_host.Memory.Sweep);
            throw WhyNotCopied(e, givenUp, callerLeft);
        }
    }

    private void RequireCapturable(bool withMemory)
    {
        var phase = Status.Phase;
        if (phase == VmPhase.Unknown)
            throw new NodeException(NodeErrorKind.Unavailable, $"The VM {_id} is {phase} now; try again shortly.");
        if (phase is not (VmPhase.Running or VmPhase.Standby) && (withMemory || phase != VmPhase.Stopped))
            throw new NodeException(
                NodeErrorKind.WrongPhase, $"The VM {_id} is {phase}; it must be {(withMemory ? "Running or Standby" : "Running, Standby or Stopped")}.");
        if (withMemory && _run is { Hypervisor: { Capabilities.Snapshots: false } hypervisor })
            throw new NodeException(NodeErrorKind.NotSupported, $"{hypervisor.Name} cannot save memory on this host.");
    }

    private async Task<SavedMemory?> CaptureRestingAsync(SnapshotFolder into, bool withMemory, CancellationToken cancellationToken)
    {
        var files = withMemory ? _layout.FilesOf(_layout.Generation(_record!.Generation!.Value)) : _layout.DiskAlone;
        await files.CopyToAsync(into, _host.Disks, cancellationToken);
        return withMemory ? _record!.Saved : null;
    }

    /// <summary>The guest stands still for no longer than it takes to read its memory and copy its disk.</summary>
    private async Task<SavedMemory?> CaptureRunningAsync(
        VmRun current, SnapshotFolder into, bool withMemory, CancellationToken cancellationToken)
    {
        Write(_record! with { Stage = VmStage.Saving, Error = null });
        _steps = new VmSteps("The snapshot", _id, _host, _trail);
        current.IsPaused = true;
        Publish();
        var standby = new VmStandby(_host, _layout, _record!, current, _steps);
        UnsyncedMemory? memory = null;
        try
        {
            try
            {
                await standby.PauseAsync(cancellationToken);
                memory = withMemory ? await standby.WriteAsync(into.Memory, cancellationToken) : null;
                var files = withMemory ? _layout.FilesOf(memory: null) : _layout.DiskAlone;
                await _steps.RunAsync(
                    "disk", token => files.CopyToAsync(into, _host.Disks, token), cancellationToken,
                    TimeSpan.FromSeconds(OverlayDisks.UsedBytes(_layout.OverlayDisk) / VmStandby.BytesPerSecond));
            }
            finally
            {
                await GoOnAfterCaptureAsync(current);
            }
            if (memory is null)
                return null;
            var saved = await standby.SyncAsync(memory, cancellationToken);
            TryWrite(_record! with { LastBase = memory.Base });
            return saved;
        }
        finally
        {
            memory?.Dispose();
        }
    }

    private async Task GoOnAfterCaptureAsync(VmRun current)
    {
        if (_shutdown.IsCancellationRequested)
            return; // Taken up as it is by whoever reads the ledger next.
        TryWrite(_record! with { Stage = VmStage.Resuming });
        await GoOnAsync(current);
    }

    private async Task<VmStatus> ForkNowAsync(
        VmSpec spec, Filling fill, bool withMemory, CancellationToken givenUp, CancellationToken callerLeft)
    {
        ThrowIfShuttingDown();
        if (_record is { Stage: not VmStage.Arriving })
        {
            // The order is a repetition.
            Obey(spec.Epoch);
            return AdoptTillEnd();
        }
        if (withMemory && spec is { SkipGuestAgent: true, NetworkEnabled: true })
            throw new NodeException(
                NodeErrorKind.NotSupported, "A copy of this VM with its memory would have the same address, for it has no guest agent to change that.");
        _trail.Note("beginning as a copy");
        Write(NewRecord(spec, VmStage.Arriving));
        Publish();
        await FillAsync(fill, givenUp, callerLeft);
        return BeginAdopting(_record! with { Generation = FirstGeneration });
    }

    private async Task<VmStatus> RevertNowAsync(VmSpec spec, Filling fill, CancellationToken givenUp, CancellationToken callerLeft)
    {
        ThrowIfShuttingDown();
        if (_record is null)
            throw NotHere();
        if (_record.Spec.Boot >= spec.Boot)
        {
            // The order is a repetition.
            Obey(spec.Epoch);
            return AdoptTillEnd();
        }
        if (_run is not null || _record.Stage is not (VmStage.Stopped or VmStage.Standby))
            throw new NodeException(NodeErrorKind.WrongPhase, $"The VM {_id} is {Status.Phase}; it must be Stopped or Standby.");
        Obey(spec.Epoch);
        _trail.Note("going back to a snapshot");
        await FillAsync(fill, givenUp, callerLeft);
        return BeginAdopting(NewRecord(spec, VmStage.Adopting) with { Generation = (_record.Generation ?? 0) + 1 });
    }

    private async Task FillAsync(Filling fill, CancellationToken givenUp, CancellationToken callerLeft)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(givenUp, callerLeft);
        try
        {
            either.Token.ThrowIfCancellationRequested();
            await fill(_layout.Arrival, either.Token);
        }
        catch (Exception e)
        {
            _layout.Arrival.Delete();
            throw WhyNotCopied(e, givenUp, callerLeft);
        }
    }

    private VmStatus BeginAdopting(VmRecord next)
    {
        try
        {
            Write(next with { Stage = VmStage.Adopting });
        }
        catch
        {
            _layout.Arrival.Delete();
            throw;
        }
        Publish();
        return AdoptTillEnd();
    }

    /// <summary>Also of an order that could not do it.</summary>
    private VmStatus AdoptTillEnd()
    {
        if (_record!.Stage == VmStage.Adopting)
        {
            Adopt();
            Publish();
        }
        return Status;
    }

    /// <summary>Repeating it goes on where it was: what is moved already is not in the folder any more.</summary>
    private void Adopt()
    {
        var arrival = _layout.Arrival;
        var manifest = arrival.Read();
        Directory.CreateDirectory(_layout.Run);
        MoveIn(arrival, manifest);
        Write(_record! with
        {
            Stage = manifest.Memory is null ? VmStage.Stopped : VmStage.Standby,
            Hypervisor = manifest.Memory is null ? _record.Hypervisor : manifest.Hypervisor,
            Generation = manifest.Memory is null ? null : _record.Generation,
            Saved = manifest.Memory,
            GuestBoot = manifest.Memory is null ? null : manifest.Spec.Boot,
            StartedBoot = manifest.Memory is null ? null : _record.Spec.Boot,
            StartedAt = manifest.Memory is null ? null : _host.Time.GetUtcNow(),
        });
        arrival.Delete();
        DropMemory();
        _trail.Note(manifest.Memory is null ? "its disk is a copy now" : "its disk and memory are copies now");
    }

    private void MoveIn(SnapshotFolder arrival, SnapshotManifest manifest)
    {
        if (manifest.Memory is null)
        {
            arrival.FilesWith(memory: false).MoveTo(_layout.DiskAlone);
            // A VM in standby has one, with its program's secrets.
            File.Delete(_layout.ConfigDisk);
            return;
        }
        var memory = _layout.Generation(_record!.Generation!.Value);
        // Whoever looks for the bases that are needed, while it moves, could see it at neither place.
        using var held = _host.Memory.Hold((arrival.Memory.IsWhole ? arrival.Memory : memory).Read().Base);
        arrival.FilesWith(memory: true).MoveTo(_layout.FilesOf(memory));
    }

    private NodeException WhyNotCopied(Exception e, CancellationToken givenUp, CancellationToken callerLeft)
    {
        if (_shutdown.IsCancellationRequested)
            return new NodeException(NodeErrorKind.Unavailable, "The node is shutting down.");
        if (givenUp.IsCancellationRequested || callerLeft.IsCancellationRequested)
            return GivenUp();
        return OverlayDisks.IsDiskFull(e) ? OverlayDisks.Full(e) : Reason(e, CancellationToken.None);
    }
}
