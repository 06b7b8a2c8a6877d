using Hypeman.GuestProtocol.Boot;
using Hypeman.NodeRuntime.Guest;
using Hypeman.NodeRuntime.Hypervisors;

namespace Hypeman.Bench.Restore;

/// <summary>The machine of a VM as one describes it to libvirt: the same processor, memory, disks and channels.</summary>
internal static class LibvirtDomain
{
    public const string Name = "bench";

    /// <summary>
    /// Its network is QEMU's own: a TAP takes rights that a user's libvirt does not have, and the guest has nothing to send.
    /// </summary>
    /// <param name="machine">What is described.</param>
    /// <param name="folder">Holds a file for each descriptor, see <see cref="PathOf"/>.</param>
    public static string Describe(VmMachine machine, string folder) => $"""
        <domain type='qemu'>
          <name>{Name}</name>
          <memory unit='bytes'>{machine.MemoryBytes}</memory>
          <vcpu>{machine.Vcpus}</vcpu>
          <os>
            <type arch='x86_64' machine='q35'>hvm</type>
            <kernel>{PathOf(folder, VmDescriptor.Kernel)}</kernel>
            <initrd>{PathOf(folder, VmDescriptor.Initramfs)}</initrd>
            <cmdline>{KernelCommandLine.For(isEmulated: true)}</cmdline>
          </os>
          <features><acpi/></features>
          <cpu mode='maximum'/>
          <on_reboot>destroy</on_reboot>
          <devices>
            <disk type='file' device='disk'>
              <driver name='qemu' type='raw'/>
              <source file='{PathOf(folder, VmDescriptor.Root)}'/>
              <target dev='vda' bus='virtio'/>
              <readonly/>
              <serial>{DiskSerials.Root}</serial>
            </disk>
            <disk type='file' device='disk'>
              <driver name='qemu' type='raw' discard='unmap' detect_zeroes='unmap'/>
              <source file='{PathOf(folder, VmDescriptor.Overlay)}'/>
              <target dev='vdb' bus='virtio'/>
              <serial>{DiskSerials.Overlay}</serial>
            </disk>
            <disk type='file' device='disk'>
              <driver name='qemu' type='raw'/>
              <source file='{PathOf(folder, VmDescriptor.Config)}'/>
              <target dev='vdc' bus='virtio'/>
              <readonly/>
              <serial>{DiskSerials.Config}</serial>
            </disk>
            <interface type='user'>
              <mac address='{machine.Nic!.Mac}'/>
              <model type='virtio'/>
              <rom enabled='no'/>
            </interface>
            <rng model='virtio'><backend model='builtin'/></rng>
            <serial type='file'><source path='{PathOf(folder, VmDescriptor.Console)}'/></serial>
            <channel type='unix'>
              <source mode='bind' path='{PathOf(folder, VmDescriptor.Agent)}'/>
              <target type='virtio' name='{PortNames.Agent}'/>
            </channel>
            <channel type='file'>
              <source path='{PathOf(folder, VmDescriptor.Events)}'/>
              <target type='virtio' name='{PortNames.Events}'/>
            </channel>
            <controller type='usb' model='none'/>
            <memballoon model='none'/>
          </devices>
        </domain>
        """;

    public static string PathOf(string folder, VmDescriptor descriptor) => Path.Combine(folder, descriptor.ToString().ToLowerInvariant());
}
