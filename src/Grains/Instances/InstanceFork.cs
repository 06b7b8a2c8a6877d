using System.Security.Cryptography;
using System.Text;
using Hypeman.Contracts.Errors;
using Hypeman.Contracts.Images;
using Hypeman.Contracts.Instances;
using Hypeman.Contracts.Snapshots;
using Hypeman.Grains.Snapshots;
using Hypeman.NodeRuntime.Vms;

namespace Hypeman.Grains.Instances;

/// <summary>Copies of instances. A copy has what its source was asked for, but its name, and lives where the source lives. Pure.</summary>
internal static class InstanceFork
{
    /// <exception cref="HypemanException">
    /// <c>invalid_state</c>: it is not Stopped or Standby, or Running and that is allowed. <c>invalid_request</c>: it cannot
    /// become what is wished. <c>not_supported</c>.
    /// </exception>
    public static InstanceOrder Of(InstanceState source, ForkSpec wish)
    {
        var phase = PhaseOf(source);
        if (source.Operation is not null || phase is not (InstancePhase.Running or InstancePhase.Standby or InstancePhase.Stopped))
            throw HypemanException.InvalidState($"cannot fork from state {phase}{Doing(source)}, must be Stopped, Standby or Running");
        if (phase == InstancePhase.Running && !wish.FromRunning)
            throw HypemanException.InvalidState("cannot fork a running instance unless from_running is true; it then stands still for a moment");
        var target = wish.Target ?? phase;
        if (phase == InstancePhase.Stopped && target == InstancePhase.Standby)
            throw HypemanException.Invalid(
                "invalid_request", "target_state: a copy of a stopped instance has no memory to be in Standby with; use Stopped or Running");
        return Of(source.Spec, source.Image, source.Home, wish.Name, target, new InstanceOrigin
        {
            InstanceId = source.Id,
            Epoch = source.Epoch,
            WithMemory = phase != InstancePhase.Stopped && target != InstancePhase.Stopped,
            Hypervisor = source.Hypervisor,
        });
    }

    /// <summary>The order for a copy.</summary>
    /// <exception cref="HypemanException"><c>not_supported</c></exception>
    public static InstanceOrder Of(
        InstanceSpec spec, ImageInfo image, string home, string name, InstancePhase target, InstanceOrigin origin) =>
        origin.WithMemory && spec is { SkipGuestAgent: true, NetworkEnabled: true }
            ? throw new HypemanException(
                ErrorKind.NotSupported, "not_supported",
                "a copy with its memory would have the address of its source, for it has no guest agent to change that; use target_state Stopped")
            : new InstanceOrder { Spec = spec with { Name = name }, Image = image, Home = home, Origin = origin, Target = target };

    /// <exception cref="HypemanException"><c>conflict</c>: the instance is not in a state for it.</exception>
    public static SnapshotOrder SnapshotOf(InstanceState source, SnapshotSpec wish, SnapshotCompression byDefault)
    {
        var (phase, kind) = (PhaseOf(source), wish.Kind);
        var fits = kind == SnapshotKind.Standby ? phase is InstancePhase.Running or InstancePhase.Standby : phase == InstancePhase.Stopped;
        if (source.Operation is not null || !fits)
            throw new HypemanException(
                ErrorKind.Conflict, "conflict",
                $"cannot take a snapshot of kind {kind} from state {phase}{Doing(source)}, "
                + $"must be {(kind == SnapshotKind.Standby ? "Running or Standby" : "Stopped")}");
        return new SnapshotOrder
        {
            Spec = wish,
            SourceId = source.Id,
            SourceEpoch = source.Epoch,
            Instance = source.Spec,
            Image = source.Image,
            Hypervisor = source.Hypervisor,
            Home = source.Home,
            Compression = kind == SnapshotKind.Standby ? CompressionChoice.Of(wish.Compression, source.Spec.SnapshotPolicy, byDefault) : null,
        };
    }

    /// <summary>The id that takes the place of that of the source on its disk: always the same for the same instance.</summary>
    public static string MachineIdOf(string id) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes("machine-id " + id)).AsSpan(0, 16));

    public static ForkSource ToSource(this InstanceOrigin origin) =>
        origin.SnapshotId is { } snapshot ? ForkSource.Snapshot(snapshot) : ForkSource.Vm(origin.InstanceId, origin.Epoch);

    /// <summary>One that stands still while it is copied runs on in a moment, and then the next copy is made.</summary>
    private static InstancePhase PhaseOf(InstanceState source) =>
        source.Operation is null && source.Phase() == InstancePhase.Paused ? InstancePhase.Running : source.Phase();

    private static string Doing(InstanceState state) =>
        state.Operation is { } operation ? $" while its {operation.Kind.ToString().ToLowerInvariant()} is in flight" : "";
}
