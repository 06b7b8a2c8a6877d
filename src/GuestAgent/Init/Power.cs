using Hypeman.GuestAgent.Linux;

namespace Hypeman.GuestAgent.Init;

/// <summary>Ends the machine so that the overlay is clean, and quickly.</summary>
internal sealed class Power
{
    private const uint PowerOff = 0x4321fedc;
    private Fd? _overlay;

    /// <summary>The overlay's mount cannot be reached by a path once the root was switched; by descriptor it can.</summary>
    public void Remember(Fd overlay) => _overlay = overlay;

    public void Off()
    {
        Libc.Kill(-1, SignalNumbers.Kill);
        Libc.Sync();
        if (_overlay is not null)
            Libc.Mount(null, $"/proc/self/fd/{_overlay.Number}", null, MountFlags.Remount | MountFlags.ReadOnly, null);
        Libc.DrainTerminal(1);
        Libc.Reboot(PowerOff);
    }
}
