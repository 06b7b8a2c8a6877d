using Hypeman.NodeRuntime.Guest;
using Hypeman.NodeRuntime.Hypervisors;
using Hypeman.NodeRuntime.Hypervisors.Qemu;
using Hypeman.NodeRuntime.Linux;
using Microsoft.Extensions.Logging;

namespace Hypeman.NodeRuntime.Nodes;

/// <summary>The hypervisors of this host, and what they run guests with.</summary>
/// <param name="Drivers">The default first.</param>
/// <param name="Groups">Supplementary groups that a VM's user needs for the accelerator.</param>
internal sealed record NodeHypervisors(IReadOnlyList<IHypervisor> Drivers, string Accelerator, IReadOnlyList<uint> Groups)
{
    private static readonly TimeSpan BootDeadlineKvm = TimeSpan.FromSeconds(30), BootDeadlineTcg = TimeSpan.FromSeconds(120);

    internal TimeSpan DefaultBootDeadline => Accelerator == Accelerators.Kvm ? BootDeadlineKvm : BootDeadlineTcg;

    /// <exception cref="Errors.NodeException">DependencyMissing: says what to install.</exception>
    internal static async Task<NodeHypervisors> FindAsync(
        NodeRuntimeOptions options, DataLayout layout, GuestSystemFiles guest, uint user, TimeProvider time, ILogger log,
        CancellationToken cancellationToken)
    {
        var version = await QemuVersion.FindAsync(options.QemuProgram, cancellationToken);
        IReadOnlyList<uint> groups = KvmGroup() is { } group ? [group] : [];
        var accelerator = options.Accelerator == "auto"
            ? await new AcceleratorProbe(Path.Combine(layout.Root, "accelerator"), time, log).FindAsync(
                options.QemuProgram, version, guest.Kernel, new ProcessUser(user, user, groups), cancellationToken)
            : options.Accelerator;
        log.LogInformation("QEMU {Version} with {Accelerator}", version, accelerator);
        return With(options, version, accelerator, accelerator == Accelerators.Kvm ? groups : []);
    }

    /// <summary>For ending VMs, which needs no program.</summary>
    internal static NodeHypervisors WithoutLooking(NodeRuntimeOptions options) =>
        With(options, version: null, Accelerators.Tcg, []);

    private static NodeHypervisors With(
        NodeRuntimeOptions options, Version? version, string accelerator, IReadOnlyList<uint> groups) => new(
        [
            .. Enum.GetValues<QemuMachineType>().Select(type =>
                new QemuHypervisor(options.QemuProgram, version, type, accelerator, ProcessorClock.ReadKhz())),
        ],
        accelerator, groups);

    /// <summary>Distributions give the device a group of its own.</summary>
    private static uint? KvmGroup() => FileStatus.Of("/dev/kvm") is { Gid: not 0 and var group } ? group : null;
}
