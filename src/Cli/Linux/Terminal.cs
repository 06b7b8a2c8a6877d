using System.Runtime.InteropServices;

namespace Hypeman.Cli.Linux;

/// <summary>The terminal of this process: its size, and raw mode for as long as a remote command owns it.</summary>
internal static unsafe partial class Terminal
{
    private const int Input = 0;
    private const int Output = 1;
    private const int SetNow = 0;
    private const nuint GetWindowSize = 0x5413;

    /// <summary>Larger than a <c>struct termios</c> (60 bytes with glibc); the C library alone looks inside.</summary>
    private const int TermiosBytes = 256;

    /// <summary>Null when there is no terminal.</summary>
    public static (int Rows, int Columns)? Size()
    {
        // SAFETY: the kernel writes one struct winsize, four 16-bit numbers.
        var size = stackalloc ushort[4];
        return ioctl(Output, GetWindowSize, size) == 0 && size[0] > 0 && size[1] > 0 ? (size[0], size[1]) : null;
    }

    /// <summary>Every key goes to the remote command, Ctrl-C too. Disposing puts the terminal back as it was.</summary>
    /// <exception cref="IOException">The input is no terminal.</exception>
    public static IDisposable EnterRawMode()
    {
        var before = new byte[TermiosBytes];
        var raw = new byte[TermiosBytes];
        fixed (byte* saved = before, changed = raw)
        {
            Check(tcgetattr(Input, saved));
            before.CopyTo(raw, 0);
            cfmakeraw(changed);
            Check(tcsetattr(Input, SetNow, changed));
        }
        return new Restore(before);
    }

    private static void Check(int result)
    {
        if (result != 0)
            throw new IOException($"The terminal refused: {Marshal.GetLastPInvokeErrorMessage()}.");
    }

    private sealed class Restore(byte[] before) : IDisposable
    {
        public void Dispose()
        {
            fixed (byte* saved = before)
                _ = tcsetattr(Input, SetNow, saved);
        }
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int tcgetattr(int fd, byte* termios);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int tcsetattr(int fd, int actions, byte* termios);

    [LibraryImport("libc")]
    private static partial void cfmakeraw(byte* termios);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int ioctl(int fd, nuint request, ushort* size);
}
