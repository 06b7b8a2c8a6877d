using Hypeman.Contracts.Instances;
using Hypeman.NodeRuntime.Images;
using Hypeman.NodeRuntime.Vms;

namespace Hypeman.Grains.Instances;

/// <summary>Between an instance and the VM that its node runs for it.</summary>
internal static class VmOrders
{
    public static VmSpec ToVmSpec(this InstanceState state) => new()
    {
        Id = state.Id,
        Epoch = state.Epoch,
        Boot = state.Boot,
        Hypervisor = state.Hypervisor,
        Vcpus = state.Spec.Vcpus,
        MemoryBytes = state.Spec.MemoryBytes,
        OverlayBytes = state.Spec.OverlayBytes,
        RootDigest = state.Image.Digest,
        Hostname = state.Spec.Name,
        Program = GuestPrograms.Resolve(state.Spec, state.Image),
        NetworkEnabled = state.Spec.NetworkEnabled,
        DownloadBytesPerSecond = state.Spec.DownloadBytesPerSecond,
        UploadBytesPerSecond = state.Spec.UploadBytesPerSecond,
        DiskBytesPerSecond = state.Spec.DiskBytesPerSecond,
        SkipGuestAgent = state.Spec.SkipGuestAgent,
        MachineId = state.Origin is null ? null : InstanceFork.MachineIdOf(state.Id),
    };

    public static VmObservation ToObservation(this VmStatus status) => new()
    {
        Epoch = status.Epoch,
        Boot = status.Boot,
        Phase = status.Phase switch
        {
            VmPhase.Stopped or VmPhase.Arriving => InstancePhase.Stopped,
            VmPhase.Booting => InstancePhase.Initializing,
            VmPhase.Running => InstancePhase.Running,
            VmPhase.Paused => InstancePhase.Paused,
            VmPhase.Standby => InstancePhase.Standby,
            VmPhase.Ending => InstancePhase.Shutdown,
            VmPhase.Unknown => InstancePhase.Unknown,
        },
        Error = status.Error,
        Ip = status.Ip,
        Mac = status.Mac,
        StartedAt = status.StartedAt,
        ExitedAt = status.ExitedAt,
        ExitCode = status.ExitCode,
        ExitMessage = status.ExitMessage,
        Restores = status.Restores,
    };

    /// <summary>The image as the node that has to fetch its root knows it.</summary>
    public static ResolvedImage ToResolved(this Contracts.Images.ImageInfo image) => new()
    {
        ManifestDigest = image.Digest,
        Platform = image.Platform,
        Config = new ImageConfig
        {
            Entrypoint = image.Entrypoint,
            Cmd = image.Cmd,
            Env = image.Env,
            WorkingDir = image.WorkingDir,
            User = image.User,
            StopSignal = image.StopSignal,
        },
    };
}
