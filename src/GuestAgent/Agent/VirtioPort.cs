using Hypeman.GuestAgent.Linux;

namespace Hypeman.GuestAgent.Agent;

/// <summary>
/// A virtio-serial port as a stream. A read of nothing means that no host is connected. One thread reads, one writes.
/// </summary>
internal sealed unsafe class VirtioPort : Stream
{
    private const uint EdgeTriggered = 1u << 31;
    private const int Add = 1; // EPOLL_CTL_ADD
    private readonly Fd _port;
    private readonly Fd _readable;
    private readonly Fd _writable;

    public VirtioPort(string path)
    {
        _port = Fd.Open(path, OpenFlags.ReadWrite | OpenFlags.NonBlocking);
        _readable = Watch(PollEvents.In);
        _writable = Watch(PollEvents.Out);
    }

    public override bool CanRead => true;
    public override bool CanWrite => true;
    public override bool CanSeek => false;
    public override long Length => throw new NotSupportedException();
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override int Read(Span<byte> buffer)
    {
        while (true)
        {
            var count = _port.TryRead(buffer);
            if (count >= 0)
                return count;
            if (LinuxException.LastErrno != Errno.Again)
                throw new LinuxException("read the port", LinuxException.LastErrno);
            WaitForChange(_readable);
        }
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        while (buffer.Length > 0)
        {
            var count = _port.TryWrite(buffer);
            if (count > 0)
                buffer = buffer[count..];
            else if (count < 0 && LinuxException.LastErrno != Errno.Again)
                throw new LinuxException("write the port", LinuxException.LastErrno);
            else if (!HostConnected)
                throw new IOException("No host is connected.");
            else
                WaitForChange(_writable);
        }
    }

    /// <summary>Waits until a host is connected.</summary>
    public void WaitForHost()
    {
        while (!HostConnected)
            WaitForChange(_readable);
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        _writable.Dispose();
        _readable.Dispose();
        _port.Dispose();
        base.Dispose(disposing);
    }

    private bool HostConnected => (Fd.Wait(_port.Number, PollEvents.Out, 0) & PollEvents.HangUp) == 0;

    /// <summary>
    /// Without a host the port is "hung up", which poll reports at once and again and again: only the edges tell when
    /// one comes.
    /// </summary>
    private Fd Watch(short events)
    {
        var epoll = new Fd(LinuxException.Check(Libc.EpollCreate(OpenFlags.CloseOnExec), "epoll"));
        var watch = new EpollEvent { Events = (ushort)events | EdgeTriggered };
        LinuxException.Check(Libc.EpollControl(epoll.Number, Add, _port.Number, &watch), "watch the port");
        return epoll;
    }

    private static void WaitForChange(Fd epoll)
    {
        EpollEvent ready;
        while (Libc.EpollWait(epoll.Number, &ready, 1, -1) < 0)
        {
            if (LinuxException.LastErrno != Errno.Interrupted)
                throw new LinuxException("wait for the port", LinuxException.LastErrno);
        }
    }
}
