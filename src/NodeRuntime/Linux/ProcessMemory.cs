using System.Globalization;
using System.Runtime.InteropServices;
using Hypeman.NodeRuntime.Memory;
using Microsoft.Win32.SafeHandles;

namespace Hypeman.NodeRuntime.Linux;

/// <summary>
/// The one mapping of a process that is its guest's memory, read and written from outside. The process should hold
/// still; what it writes meanwhile may be seen or not.
/// </summary>
public sealed class ProcessMemory : IGuestMemory, IDisposable
{
    private const string Writable = "rw-p";

    private readonly ProcessIdentity _process;
    private readonly SafeFileHandle _memory;
    private readonly long _start;

    private ProcessMemory(ProcessIdentity process, SafeFileHandle memory, long start, long bytes) =>
        (_process, _memory, _start, Bytes) = (process, memory, start, bytes);

    public long Bytes { get; }

    /// <summary>Finds the private, writable mapping of just this size.</summary>
    /// <param name="mappedFile">The file it is of; null for anonymous memory.</param>
    /// <exception cref="LinuxException">The process is gone, or has no such mapping or several.</exception>
    public static ProcessMemory Open(ProcessIdentity process, long bytes, string? mappedFile)
    {
        var inode = mappedFile is null ? 0 : FileStatus.Of(mappedFile)?.Inode ?? throw NotFound(process, $"{mappedFile} is missing");
        var memory = File.OpenHandle($"/proc/{process.Pid}/mem", FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        try
        {
            var starts = Find(File.ReadLines($"/proc/{process.Pid}/maps"), bytes, inode);
            // What was opened is the memory of whoever had the pid then.
            if (!process.IsAlive)
                throw NotFound(process, "it has ended");
            return starts is [var start]
                ? new ProcessMemory(process, memory, start, bytes)
                : throw NotFound(process, $"it has {starts.Count} mappings of {bytes} bytes");
        }
        catch
        {
            memory.Dispose();
            throw;
        }
    }

    /// <summary>Pages that were touched; where a file is mapped, those that are not the file's any more.</summary>
    public PageSet ReadPages()
    {
        var entries = new ulong[Bytes / Environment.SystemPageSize];
        var into = MemoryMarshal.AsBytes(entries.AsSpan());
        using var map = File.OpenHandle($"/proc/{_process.Pid}/pagemap", FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        ReadAll(map, _start / Environment.SystemPageSize * sizeof(ulong), into);
        return PageSet.FromPageMap(entries, Environment.SystemPageSize);
    }

    public void Read(long offset, Span<byte> into) => ReadAll(_memory, _start + offset, into);

    public void Write(long offset, ReadOnlySpan<byte> from) => RandomAccess.Write(_memory, from, _start + offset);

    public void Dispose() => _memory.Dispose();

    /// <summary>Where the mappings begin that fit, from the lines of /proc/PID/maps.</summary>
    internal static IReadOnlyList<long> Find(IEnumerable<string> maps, long bytes, ulong inode)
    {
        var found = new List<long>();
        foreach (var line in maps)
        {
            // start-end permissions offset device inode path
            if (line.Split(' ', StringSplitOptions.RemoveEmptyEntries) is not [var range, Writable, _, _, var file, ..]
                || file != inode.ToString(CultureInfo.InvariantCulture))
                continue;
            var dash = range.IndexOf('-');
            var start = long.Parse(range.AsSpan(0, dash), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            if (long.Parse(range.AsSpan(dash + 1), NumberStyles.HexNumber, CultureInfo.InvariantCulture) - start == bytes)
                found.Add(start);
        }
        return found;
    }

    private static void ReadAll(SafeFileHandle file, long at, Span<byte> into)
    {
        for (var done = 0; done < into.Length;)
        {
            var count = RandomAccess.Read(file, into[done..], at + done);
            if (count <= 0)
                throw new EndOfStreamException("The memory of the process ended.");
            done += count;
        }
    }

    private static LinuxException NotFound(ProcessIdentity process, string why) =>
        new(LinuxException.NoProcess, $"find the guest's memory in process {process.Pid}: {why}");
}
