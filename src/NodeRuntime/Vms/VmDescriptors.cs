using Hypeman.NodeRuntime.Guest;
using Hypeman.NodeRuntime.Hypervisors;
using Hypeman.NodeRuntime.Linux;
using Hypeman.NodeRuntime.Nodes;
using Microsoft.Win32.SafeHandles;

namespace Hypeman.NodeRuntime.Vms;

/// <summary>What a VMM process inherits, open: each <see cref="VmDescriptor"/> in its place.</summary>
internal sealed class VmDescriptors : IDisposable
{
    private const string Nothing = "/dev/null";

    private readonly List<SafeFileHandle> _handles = [];

    private VmDescriptors() { }

    /// <summary>In the order in which the process gets them.</summary>
    internal IReadOnlyList<SafeFileHandle> Handles => _handles;

    /// <param name="tap">Name of the VM's TAP; null when it has no network.</param>
    /// <param name="origin">Null when the guest boots.</param>
    internal static async Task<VmDescriptors> OpenAsync(
        VmLayout vm, GuestSystemFiles guest, string rootDisk, string? tap, NetworkNamespace network, TimeProvider time, VmOrigin? origin)
    {
        var descriptors = new VmDescriptors();
        try
        {
            foreach (var descriptor in Enum.GetValues<VmDescriptor>())
            {
                descriptors._handles.Add(descriptor == VmDescriptor.Tap && tap is not null
                    ? await Tap.TakeAsync(tap, network, time)
                    : Open(descriptor, vm, guest, rootDisk, origin));
            }
            return descriptors;
        }
        catch
        {
            descriptors.Dispose();
            throw;
        }
    }

    public void Dispose() => _handles.ForEach(handle => handle.Dispose());

    private static SafeFileHandle Open(
        VmDescriptor descriptor, VmLayout vm, GuestSystemFiles guest, string rootDisk, VmOrigin? origin) =>
        descriptor switch
        {
            VmDescriptor.Kernel => Read(guest.Kernel),
            VmDescriptor.Initramfs => Read(guest.Initramfs),
            VmDescriptor.Root => Read(rootDisk),
            VmDescriptor.Overlay => Open(vm.OverlayDisk, FileAccess.ReadWrite),
            VmDescriptor.Config => Read(vm.ConfigDisk),
            VmDescriptor.Console => AppendFile.Open(vm.ConsoleLog),
            VmDescriptor.Events => AppendFile.Open(vm.EventsFile),
            VmDescriptor.Control => UnixListener.Create(vm.ControlSocket),
            VmDescriptor.Agent => UnixListener.Create(vm.AgentSocket),
            VmDescriptor.State => Read(vm.StateFile),
            VmDescriptor.Tap => Read(Nothing),
            VmDescriptor.Memory => Read(origin?.Pages.Path ?? Nothing),
            VmDescriptor.Incoming => Read(origin?.Folder.DevicesFile ?? Nothing),
        };

    private static SafeFileHandle Read(string path) => Open(path, FileAccess.Read);

    // Without the advisory lock that .NET takes by default: QEMU takes its own, and images are shared.
    private static SafeFileHandle Open(string path, FileAccess access) =>
        File.OpenHandle(path, FileMode.Open, access, FileShare.ReadWrite | FileShare.Delete);
}
