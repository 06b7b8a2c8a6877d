namespace Hypeman.GuestAgent.Linux;

/// <summary>An open file descriptor and its one owner.</summary>
internal sealed unsafe class Fd(int number) : IDisposable
{
    private int _number = number;

    public int Number => _number >= 0 ? _number : throw new ObjectDisposedException(nameof(Fd));

    public bool IsOpen => _number >= 0;

    public static Fd Open(string path, int flags, int mode = 0) =>
        new(LinuxException.Check(Libc.Open(path, flags | OpenFlags.CloseOnExec, mode), $"open {path}"));

    /// <summary>Both ends; only ours may be made non-blocking.</summary>
    public static (Fd Read, Fd Write) Pipe()
    {
        var ends = stackalloc int[2];
        LinuxException.Check(Libc.Pipe(ends, OpenFlags.CloseOnExec), "pipe");
        return (new Fd(ends[0]), new Fd(ends[1]));
    }

    public void SetNonBlocking()
    {
        const int getFlags = 3, setFlags = 4;
        var flags = LinuxException.Check(Libc.Fcntl(Number, getFlags, 0), "fcntl");
        LinuxException.Check(Libc.Fcntl(Number, setFlags, flags | OpenFlags.NonBlocking), "fcntl");
    }

    /// <summary>Bytes read, 0 at the end, -1 with <see cref="LinuxException.LastErrno"/>.</summary>
    public int TryRead(Span<byte> buffer)
    {
        fixed (byte* bytes = buffer)
        {
            nint count;
            while ((count = Libc.Read(Number, bytes, buffer.Length)) < 0 && LinuxException.LastErrno == Errno.Interrupted)
            {
            }
            return (int)count;
        }
    }

    /// <summary>Bytes written, -1 with <see cref="LinuxException.LastErrno"/>.</summary>
    public int TryWrite(ReadOnlySpan<byte> buffer)
    {
        fixed (byte* bytes = buffer)
        {
            nint count;
            while ((count = Libc.Write(Number, bytes, buffer.Length)) < 0 && LinuxException.LastErrno == Errno.Interrupted)
            {
            }
            return (int)count;
        }
    }

    public int Read(Span<byte> buffer) => LinuxException.Check(TryRead(buffer), "read");

    public void WriteAll(ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0)
            bytes = bytes[LinuxException.Check(TryWrite(bytes), "write")..];
    }

    /// <summary>Waits for one descriptor; the events that came, none after the timeout (milliseconds, -1 for ever).</summary>
    public static short Wait(int fd, short events, int milliseconds)
    {
        var item = new PollItem { Fd = fd, Events = events };
        return Libc.Poll(&item, 1, milliseconds) > 0 ? item.Returned : (short)0;
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _number, -1) is >= 0 and var open)
            Libc.Close(open);
    }
}
