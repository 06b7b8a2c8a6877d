using System.Runtime.InteropServices;

namespace Hypeman.GuestAgent.Linux;

/// <summary>A system call failed.</summary>
internal sealed class LinuxException(string what, int errno) : IOException($"{what}: {Marshal.GetPInvokeErrorMessage(errno)}")
{
    public int Errno { get; } = errno;

    public static int LastErrno => Marshal.GetLastPInvokeError();

    /// <summary>Passes a result on, or throws what the calling thread's last error says.</summary>
    public static int Check(int result, string what) => result >= 0 ? result : throw new LinuxException(what, LastErrno);

    /// <inheritdoc cref="Check(int, string)"/>
    public static long Check(long result, string what) => result >= 0 ? result : throw new LinuxException(what, LastErrno);

    /// <summary>Does a call again for as long as a signal interrupts it.</summary>
    public static long Retry(Func<long> call)
    {
        long result;
        while ((result = call()) < 0 && LastErrno == Linux.Errno.Interrupted)
        {
        }
        return result;
    }
}
