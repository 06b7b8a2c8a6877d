using Hypeman.NodeRuntime.Disks;
using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Memory;
using Hypeman.NodeRuntime.Snapshots;
using Hypeman.NodeRuntime.Vms.Transfer;

namespace Hypeman.NodeRuntime.Vms;

/// <summary>
/// Moves: what is kept of this VM goes to another host, or comes from one. While it comes, the ledger says so: that is the
/// owner record of what is here in part.
/// </summary>
internal sealed partial class VmSupervisor
{
    /// <summary>Keeps the base of the memory that is handed over as it is, until the VM goes or is used again.</summary>
    private IDisposable? _handedOver;

    /// <summary>Of what is here at rest.</summary>
    internal VmPlaces Places => PlacesOf(_record is { Stage: VmStage.Standby, Generation: { } number } ? _layout.Generation(number) : null);

    /// <inheritdoc cref="StartAsync(VmSpec, CancellationToken)"/>
    internal Task<(VmStatus Status, VmSleep? Sleep, VmPlaces Places)>? HandOverAsync(long epoch, CancellationToken cancellationToken)
    {
        lock (_gate)
            Admit(epoch);
        return _inbox.TryPost(() => Task.FromResult(HandOverNow(epoch)), cancellationToken);
    }

    /// <inheritdoc cref="StartAsync(VmSpec, CancellationToken)"/>
    internal Task<VmStatus>? ReceiveAsync(VmSpec spec, IVmSource source, Action heard, CancellationToken cancellationToken)
    {
        CancellationToken givenUp;
        lock (_gate)
        {
            Admit(spec.Epoch);
            givenUp = _starts.Token;
        }
        return _inbox.TryPost(() => ReceiveNowAsync(spec, source, heard, givenUp, cancellationToken), cancellationToken);
    }

    private (VmStatus Status, VmSleep? Sleep, VmPlaces Places) HandOverNow(long epoch)
    {
        ThrowIfShuttingDown();
        if (_record is null)
            throw NotHere();
        RequireRest(_record.Stage is VmStage.Stopped or VmStage.Standby);
        Obey(epoch);
        if (_record.Stage == VmStage.Stopped)
            return (Status, null, Places);
        var memory = _layout.Generation(_record.Generation!.Value).Read();
        (_handedOver, var before) = (_host.Memory.Hold(memory.Base), _handedOver);
        before?.Dispose();
        return (Status, new VmSleep(memory.Base, memory.Machine, _record.EventsBoot), Places);
    }

    private VmPlaces PlacesOf(MemoryFolder? memory) => VmPlaces.Of(_layout, memory, memory is null ? null : _host.Memory.Get(memory.Read().Base));

    /// <summary>It moves no more, or has moved.</summary>
    private void KeepNothingForOthers()
    {
        _handedOver?.Dispose();
        _handedOver = null;
    }

    private async Task<VmStatus> ReceiveNowAsync(
        VmSpec spec, IVmSource source, Action heard, CancellationToken givenUp, CancellationToken callerLeft)
    {
        ThrowIfShuttingDown();
        RequireRest(_record is null or { Stage: VmStage.Stopped or VmStage.Arriving or VmStage.Standby });
        if (_record is { Stage: VmStage.Stopped or VmStage.Standby } arrived && arrived.Spec.Epoch == spec.Epoch)
            return Status; // The order is a repetition.
        using var either = CancellationTokenSource.CreateLinkedTokenSource(givenUp, callerLeft);
        try
        {
            BeginReceipt(spec, source);
            var manifest = await DescribeAsync(source, either.Token);
            heard();
            using var held = manifest.Sleep?.HoldBase(_host, VmMachines.Of(_record!));
            await new VmReceipt(_layout.Directory, VmPlaces.ForArrival(_layout), source, _host.Time, heard)
                .FillAsync(_host, manifest.Files, manifest.Sleep, either.Token);
            EndReceipt(manifest, source);
            return Status;
        }
        catch (OperationCanceledException) when (either.IsCancellationRequested)
        {
            throw new NodeException(NodeErrorKind.WrongPhase, "The move was given up.");
        }
        catch (Exception full) when (OverlayDisks.IsDiskFull(full))
        {
            throw OverlayDisks.Full(full);
        }
    }

    private static async Task<VmManifest> DescribeAsync(IVmSource source, CancellationToken cancellationToken)
    {
        try
        {
            return await source.HandOverAsync(cancellationToken);
        }
        catch (IOException lost)
        {
            throw new NodeException(NodeErrorKind.Unavailable, $"{source.Name} cannot be reached: {lost.Message}", inner: lost);
        }
    }

    private void BeginReceipt(VmSpec spec, IVmSource source)
    {
        _trail.Note($"receiving from {source.Name}");
        var isAnother = _record?.Spec.Epoch != spec.Epoch;
        Write(NewRecord(spec, VmStage.Arriving));
        if (isAnother)
        {
            foreach (var (_, stale) in VmPlaces.ForArrival(_layout).There)
                File.Delete(stale);
            DropMemory();
        }
        Publish();
    }

    /// <summary>Of a VM as it is to be; all that its former life has left in the ledger is gone.</summary>
    private VmRecord NewRecord(VmSpec spec, VmStage stage)
    {
        var address = _host.Addresses.Take(_id);
        return new VmRecord
        {
            Epoch = spec.Epoch,
            Spec = spec,
            Stage = stage,
            Ip = address.Ip.ToString(),
            Mac = address.Mac,
            Uid = _host.Network.UidOf(address.Ip),
            Hypervisor = _host.Hypervisor(spec.Hypervisor).Name,
        };
    }

    /// <summary>All is here: the VM rests here as it rested there.</summary>
    private void EndReceipt(VmManifest manifest, IVmSource source)
    {
        var past = manifest.Status;
        var rests = _record! with
        {
            Spec = _record.Spec with { Boot = past.Boot },
            Stage = VmStage.Stopped,
            StartedBoot = past.HasRun ? past.Boot : null,
            StartedAt = past.StartedAt,
            ExitedAt = past.ExitedAt,
            ExitCode = past.ExitCode,
            ExitMessage = past.ExitMessage,
            Error = past.Error,
        };
        Write(manifest.Sleep is { } sleep ? PutToSleep(rests, past, sleep) : rests);
        _layout.Arrival.Delete();
        _trail.Note($"received from {source.Name}");
        Publish();
    }

    // The base first, then what names it, then the ledger.
    private VmRecord PutToSleep(VmRecord rests, VmStatus past, VmSleep sleep)
    {
        if (_host.Memory.Find(sleep.Base) is null)
            _host.Memory.Adopt(_layout.Arrival.ArrivingBase, sleep.Base, rests.Uid);
        SnapshotFiles.Move(_layout.Arrival.Memory, _layout.Generation(FirstGeneration));
        return rests with
        {
            Stage = VmStage.Standby,
            Hypervisor = sleep.Machine.Hypervisor,
            Generation = FirstGeneration,
            GuestBoot = sleep.GuestBoot,
            Restores = past.Restores,
            Saved = past.Saved,
        };
    }

    private void RequireRest(bool rests)
    {
        if (_run is not null || !rests)
            throw new NodeException(NodeErrorKind.WrongPhase, $"The VM {_id} is {Status.Phase}; only one at rest can be moved.");
    }
}
