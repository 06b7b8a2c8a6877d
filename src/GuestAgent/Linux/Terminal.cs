namespace Hypeman.GuestAgent.Linux;

internal static unsafe class Terminal
{
    private const nuint SetWindowSize = 0x5414, SetControlling = 0x540e, SetLock = 0x40045431, OpenPeer = 0x5441;
    private const int SettingsSize = 64; // glibc's struct termios is 60 bytes
    private const int OutputFlags = 1, LocalFlags = 3; // as words of struct termios
    private const uint ProcessOutput = 1, Echo = 8;

    /// <summary>The console carries a log: no carriage returns, no echo of what comes in.</summary>
    public static void MakePlain(int fd)
    {
        var settings = stackalloc uint[SettingsSize / sizeof(uint)];
        if (Libc.GetTerminal(fd, settings) < 0)
            return;
        settings[OutputFlags] &= ~ProcessOutput;
        settings[LocalFlags] &= ~Echo;
        Libc.SetTerminal(fd, 0, settings);
    }

    /// <summary>A new pseudo terminal: our end and the program's.</summary>
    public static (Fd Master, Fd Slave) Open()
    {
        const int flags = OpenFlags.ReadWrite | OpenFlags.NoControllingTerminal | OpenFlags.CloseOnExec;
        var master = Fd.Open("/dev/pts/ptmx", flags);
        int unlocked = 0;
        LinuxException.Check(Libc.Ioctl(master.Number, SetLock, (nint)(&unlocked)), "unlock the terminal");
        var slave = LinuxException.Check(Libc.Ioctl(master.Number, OpenPeer, flags), "open the terminal");
        return (master, new Fd(slave));
    }

    public static void Resize(int fd, int rows, int columns)
    {
        var size = stackalloc ushort[4];
        size[0] = (ushort)Math.Clamp(rows, 1, ushort.MaxValue);
        size[1] = (ushort)Math.Clamp(columns, 1, ushort.MaxValue);
        size[2] = size[3] = 0;
        Libc.Ioctl(fd, SetWindowSize, (nint)size);
    }

    /// <summary>Makes the terminal on descriptor 0 that of our new session.</summary>
    public static void Control() => LinuxException.Check(Libc.Ioctl(0, SetControlling, 0), "take the terminal");
}
