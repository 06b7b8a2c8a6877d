using Hypeman.GuestAgent.Linux;
using Hypeman.GuestProtocol;

namespace Hypeman.GuestAgent.Agent;

/// <summary>
/// What a regular file contains. The size that the kernel tells of files which it makes up while they are read (/proc,
/// /sys) is 0, or that of a page; so the beginning is read before <see cref="Size"/> is told.
/// </summary>
internal sealed class FileContent : IDisposable
{
    /// <summary>A file that tells no size must have less; it may have no end.</summary>
    public const int MaxUntoldBytes = 16 << 20;

    private readonly Fd _file;
    private readonly MemoryStream _beginning = new();
    private long _left;

    /// <param name="path">Of a regular file, opened here.</param>
    /// <param name="toldSize">What the kernel says of it.</param>
    /// <param name="maxUntoldBytes">Smaller in tests.</param>
    /// <exception cref="LinuxException">With the reason.</exception>
    public FileContent(string path, long toldSize, int maxUntoldBytes = MaxUntoldBytes)
    {
        // Some files of the kernel would let us wait for what may never come.
        _file = Fd.Open(path, OpenFlags.ReadOnly | OpenFlags.NonBlocking);
        try
        {
            var looked = toldSize == 0 ? maxUntoldBytes : Math.Min(toldSize, ProtocolLimits.DataChunk);
            Size = ReadBeginning(looked) < looked ? _beginning.Length : toldSize;
            if (Size < _beginning.Length)
                throw new LinuxException($"it tells no size and has {maxUntoldBytes} bytes or more", Errno.TooLarge);
            _left = Size;
            _beginning.Position = 0;
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>In bytes. No more is read, though the file may grow meanwhile; there may be less when it shrinks.</summary>
    public long Size { get; }

    /// <summary>The next bytes; 0 at the end.</summary>
    public int Read(Span<byte> buffer)
    {
        var part = buffer[..(int)Math.Min(buffer.Length, _left)];
        var count = _beginning.Read(part) is > 0 and var read ? read : ReadFile(part);
        _left -= count;
        return count;
    }

    public void Dispose() => _file.Dispose();

    private long ReadBeginning(long bytes)
    {
        var buffer = new byte[Math.Min(bytes, ProtocolLimits.DataChunk)];
        while (ReadFile(buffer.AsSpan(0, (int)Math.Min(buffer.Length, bytes - _beginning.Length))) is > 0 and var count)
            _beginning.Write(buffer, 0, count);
        return _beginning.Length;
    }

    private int ReadFile(Span<byte> buffer)
    {
        var count = _file.TryRead(buffer);
        return count < 0 && LinuxException.LastErrno == Errno.Again ? 0 : LinuxException.Check(count, "read");
    }
}
