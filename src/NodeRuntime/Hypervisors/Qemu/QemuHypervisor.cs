using System.Security.Cryptography;
using System.Text;
using Hypeman.NodeRuntime.Guest;

namespace Hypeman.NodeRuntime.Hypervisors.Qemu;

/// <summary>The driver of QEMU: one for each machine type.</summary>
/// <param name="version">Null when the program was not looked at; then no machine can be saved.</param>
/// <param name="tscKhz">Clock rate of this host's processors.</param>
internal sealed class QemuHypervisor(
    string program, Version? version, QemuMachineType type, string accelerator, long tscKhz) : IHypervisor
{
    /// <summary>From here on a file can be opened for reading alone and still be mapped as memory that is written to.</summary>
    private static readonly Version MapsReadOnlyFiles = new(8, 2);

    public string Name => type switch
    {
        QemuMachineType.Q35 => "qemu",
        QemuMachineType.MicroVm => "qemu-microvm",
    };

    public HypervisorCapabilities Capabilities => type switch
    {
        QemuMachineType.Q35 => new() { HotPlugsDisks = true, Snapshots = version is not null },
        QemuMachineType.MicroVm => new() { Snapshots = version is not null },
    };

    /// <summary>A microvm has nothing that a kernel could measure an emulated clock by, and hangs when it tries.</summary>
    private bool NeedsClockRate => type == QemuMachineType.MicroVm && IsEmulated;

    private bool IsEmulated => accelerator == Accelerators.Tcg;

    public HypervisorCommand Command(VmMachine machine)
    {
        var kernelArguments = KernelCommandLine.For(IsEmulated, NeedsClockRate ? tscKhz : null);
        var arguments = QemuCommandLine.For(machine, type, accelerator, kernelArguments);
        return new(program, machine.IsRestored
            ? QemuCommandLine.Restoring(machine, arguments, opensReadOnly: version >= MapsReadOnlyFiles)
            : arguments);
    }

    /// <summary>Name, address and kernel of the machine are in its memory already, and not in its devices.</summary>
    public MachineSignature Signature(VmMachine machine)
    {
        var anyone = machine with { Id = "", Nic = machine.Nic is null ? null : new VmNic("") };
        var devices = string.Join('\n', QemuCommandLine.For(anyone, type, accelerator, kernelArguments: ""));
        return new(
            Name, $"QEMU {version} ({accelerator})",
            accelerator == Accelerators.Kvm ? ProcessorModel.Read() : "emulated",
            Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(devices))));
    }

    public Task<IHypervisorControl> ConnectAsync(string socketPath, CancellationToken cancellationToken) =>
        QmpControl.ConnectAsync(socketPath, cancellationToken);
}
