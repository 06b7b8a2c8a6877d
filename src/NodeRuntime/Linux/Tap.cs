using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Hypeman.NodeRuntime.Linux;

/// <summary>TAP devices: Ethernet devices whose other end is a process. Made in the namespace of the calling thread.</summary>
public static class Tap
{
    private const nuint SetInterface = 0x400454ca, SetPersistent = 0x400454cb, SetOwner = 0x400454cc;
    private const short TapFlag = 2, NoPacketInfo = 0x1000, VirtioHeader = 0x4000;
    private const int InterfaceRequestSize = 40, FlagsOffset = 16;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(2);

    /// <summary>Makes a device that stays without a process, and that this user may open.</summary>
    public static void Create(string name, uint owner)
    {
        using var handle = Open(name, VirtioHeader);
        var fd = (int)handle.DangerousGetHandle();
        LinuxException.Check(() => Libc.DeviceControl(fd, SetOwner, (nint)owner), $"set the owner of {name}");
        LinuxException.Check(() => Libc.DeviceControl(fd, SetPersistent, 1), $"keep {name}");
    }

    /// <summary>
    /// Takes the process end of a device, made for as long as the handle is open when there is none. Reads and writes
    /// are whole Ethernet frames, without a virtio header unless the device was made with one.
    /// </summary>
    /// <exception cref="LinuxException">Busy: a process has it.</exception>
    public static SafeFileHandle Open(string name, bool withVirtioHeader) => Open(name, withVirtioHeader ? VirtioHeader : (short)0);

    /// <summary>
    /// Takes the process end of a device that was just made with a virtio header. A process which is just being started has a
    /// copy of its maker's descriptor until it becomes another program; for so long, and no longer, a busy device is waited for.
    /// </summary>
    /// <exception cref="LinuxException">Busy: a process has it.</exception>
    public static async Task<SafeFileHandle> TakeAsync(string name, NetworkNamespace place, TimeProvider time)
    {
        for (var since = time.GetTimestamp(); ; await Task.Delay(Pause, time))
        {
            try
            {
                return await place.RunAsync(() => Open(name, withVirtioHeader: true));
            }
            catch (LinuxException taken) when (taken.Error == LinuxException.Busy && time.GetElapsedTime(since) < Patience)
            {
                // Nothing tells when it is free.
            }
        }
    }

    private static unsafe SafeFileHandle Open(string name, short header)
    {
        var handle = new SafeFileHandle(
            LinuxException.Check(() => Libc.Open("/dev/net/tun", Libc.ReadWrite | Libc.CloseOnExec, 0), "open /dev/net/tun"),
            ownsHandle: true);
        var request = stackalloc byte[InterfaceRequestSize];
        Encoding.ASCII.GetBytes(name, new Span<byte>(request, FlagsOffset - 1));
        *(short*)(request + FlagsOffset) = (short)(TapFlag | NoPacketInfo | header);
        if (Libc.DeviceControl((int)handle.DangerousGetHandle(), SetInterface, request) >= 0)
            return handle;
        var failure = LinuxException.Last($"open TAP {name}");
        handle.Dispose();
        throw failure;
    }
}
