namespace Hypeman.NodeRuntime.Vms;

internal static class VmStatuses
{
    /// <summary>What others see of a VM: the record, and the signs of its run when it has one.</summary>
    internal static VmStatus Of(
        VmRecord record, VmRun? run, IReadOnlyDictionary<string, double>? timings, TimeSpan bootDeadline)
    {
        var signs = run?.Signs(record.Spec);
        var phase = (signs, record.Stage) switch
        {
            ({ } known, _) => VmPhases.Of(known),
            (null, VmStage.Starting or VmStage.Restoring or VmStage.Resuming) => VmPhase.Booting,
            (null, VmStage.Saving) => VmPhase.Paused,
            (null, VmStage.Standby) => VmPhase.Standby,
            (null, VmStage.Deleting) => VmPhase.Ending,
            (null, VmStage.Arriving or VmStage.Adopting) => VmPhase.Arriving,
            (null, _) => VmPhase.Stopped,
        };
        return new VmStatus
        {
            Id = record.Spec.Id,
            Epoch = record.Epoch,
            Boot = record.Spec.Boot,
            Phase = phase,
            HasRun = record.StartedBoot >= record.Spec.Boot,
            Error = phase == VmPhase.Unknown ? run!.Trouble ?? VmPhases.WhyOverdue(signs!.Value, bootDeadline) : record.Error,
            Ip = record.Spec.NetworkEnabled ? record.Ip : null,
            Mac = record.Spec.NetworkEnabled ? record.Mac : null,
            StartedAt = record.StartedAt,
            ExitedAt = record.ExitedAt,
            ExitCode = record.ExitCode,
            ExitMessage = record.ExitMessage,
            Restores = record.Restores,
            Saved = record.Saved,
            Timings = timings ?? record.Timings,
        };
    }
}
