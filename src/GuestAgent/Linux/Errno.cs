namespace Hypeman.GuestAgent.Linux;

/// <summary>The errors of Linux that the agent tells apart.</summary>
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
    public const int TooLarge = 27; // EFBIG
    public const int BrokenPipe = 32; // EPIPE
}
