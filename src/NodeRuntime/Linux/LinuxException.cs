using System.Runtime.InteropServices;

namespace Hypeman.NodeRuntime.Linux;

/// <summary>A system call that failed, with what it was for.</summary>
public sealed class LinuxException(int error, string what)
    : IOException($"{what}: {Marshal.GetPInvokeErrorMessage(error)} (errno {error})")
{
    internal const int NoEntry = 2, NoProcess = 3, Interrupted = 4, WouldBlock = 11, Busy = 16, Exists = 17, NoDevice = 19, Invalid = 22, NoSpace = 28;

    /// <summary>The errno.</summary>
    public int Error { get; } = error;

    /// <summary>The reason of the call that failed last on this thread.</summary>
    internal static LinuxException Last(string what) => new(Marshal.GetLastPInvokeError(), what);

    /// <summary>Repeats a call that a signal interrupted; throws when it fails.</summary>
    internal static int Check(Func<int> call, string what)
    {
        while (true)
        {
            var result = call();
            if (result >= 0)
                return result;
            if (Marshal.GetLastPInvokeError() != Interrupted)
                throw Last(what);
        }
    }
}
