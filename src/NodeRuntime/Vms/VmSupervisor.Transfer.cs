using Hypeman.NodeRuntime.Disks;
using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Vms.Transfer;

namespace Hypeman.NodeRuntime.Vms;

/// <summary>
/// Moves: what is kept of this VM goes to another host, or comes from one. While it comes, the ledger says so: that is the
/// owner record of what is here in part.
/// </summary>
internal sealed partial class VmSupervisor
{
    /// <inheritdoc cref="StartAsync(VmSpec, CancellationToken)"/>
    internal Task<VmStatus>? HandOverAsync(long epoch, CancellationToken cancellationToken)
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

    private VmStatus HandOverNow(long epoch)
    {
        ThrowIfShuttingDown();
        if (_record is null)
            throw NotHere();
        RequireRest(_record.Stage == VmStage.Stopped);
        Obey(epoch);
        return Status;
    }

    private async Task<VmStatus> ReceiveNowAsync(
        VmSpec spec, IVmSource source, Action heard, CancellationToken givenUp, CancellationToken callerLeft)
    {
        ThrowIfShuttingDown();
        RequireRest(_record is null or { Stage: VmStage.Stopped or VmStage.Arriving });
        if (_record is { Stage: VmStage.Stopped } arrived && arrived.Spec.Epoch == spec.Epoch)
            return Status; // The order is a repetition.
        using var either = CancellationTokenSource.CreateLinkedTokenSource(givenUp, callerLeft);
        try
        {
            BeginReceipt(spec, source);
            var manifest = await DescribeAsync(source, either.Token);
            heard();
            _host.Disks.RequireSpace(_layout.OverlayDisk, manifest.MostBytes - _layout.Kept.Sum(OverlayDisks.UsedBytes));
            await new VmReceipt(_layout, source, _host.Time, heard).FillAsync(manifest.Files, either.Token);
            EndReceipt(manifest.Status, source);
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
            foreach (var stale in _layout.Kept)
                File.Delete(stale);
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
            Hypervisor = Choose(spec.Hypervisor).Name,
        };
    }

    /// <summary>All is here: the VM rests here as it rested there.</summary>
    private void EndReceipt(VmStatus past, IVmSource source)
    {
        Write(_record! with
        {
            Spec = _record.Spec with { Boot = past.Boot },
            Stage = VmStage.Stopped,
            StartedBoot = past.HasRun ? past.Boot : null,
            StartedAt = past.StartedAt,
            ExitedAt = past.ExitedAt,
            ExitCode = past.ExitCode,
            ExitMessage = past.ExitMessage,
            Error = past.Error,
        });
        _trail.Note($"received from {source.Name}");
        Publish();
    }

    private void RequireRest(bool rests)
    {
        if (_run is not null || !rests)
            throw new NodeException(NodeErrorKind.WrongPhase, $"The VM {_id} is {Status.Phase}; only one at rest can be moved.");
    }
}
