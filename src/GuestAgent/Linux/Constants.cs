namespace Hypeman.GuestAgent.Linux;

internal static class Errno
{
    public const int NotFound = 2; // ENOENT
    public const int Interrupted = 4; // EINTR
    public const int IoError = 5; // EIO
    public const int NotExecutable = 8; // ENOEXEC
    public const int NoChild = 10; // ECHILD
    public const int Again = 11; // EAGAIN
    public const int AccessDenied = 13; // EACCES
    public const int Busy = 16; // EBUSY
    public const int Exists = 17; // EEXIST
    public const int NotADirectory = 20; // ENOTDIR
    public const int IsADirectory = 21; // EISDIR
    public const int Invalid = 22; // EINVAL
    public const int BrokenPipe = 32; // EPIPE
}

internal static class OpenFlags
{
    public const int ReadOnly = 0;
    public const int WriteOnly = 1;
    public const int ReadWrite = 2;
    public const int Create = 0x40;
    public const int Exclusive = 0x80;
    public const int NoControllingTerminal = 0x100;
    public const int NonBlocking = 0x800;
    public const int Directory = 0x10000;
    public const int NoFollow = 0x20000;
    public const int CloseOnExec = 0x80000;

    /// <summary>O_PATH: names a file without opening it.</summary>
    public const int Path = 0x200000;
}

internal static class MountFlags
{
    public const uint ReadOnly = 1;
    public const uint NoSetUid = 2;
    public const uint NoDevices = 4;
    public const uint NoExecute = 8;
    public const uint Remount = 32;
    public const uint Move = 8192;
}

internal static class PollEvents
{
    public const short In = 1;
    public const short Out = 4;
    public const short Error = 8;
    public const short HangUp = 16;
}

internal static class SignalNumbers
{
    public const int HangUp = 1;
    public const int Interrupt = 2;
    public const int Quit = 3;
    public const int Kill = 9;
    public const int User2 = 12;
    public const int Terminate = 15;

    /// <summary>The first that programs may use.</summary>
    public const int RealTimeMin = 34;

    public const int Max = 64;
}
