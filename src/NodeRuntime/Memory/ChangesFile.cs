using System.Buffers.Binary;
using System.IO.Hashing;
using Microsoft.Win32.SafeHandles;

namespace Hypeman.NodeRuntime.Memory;

/// <summary>
/// The pages of a guest's memory that differ from its base.
/// <code>
/// magic, version          8 + 8 bytes, little endian as all numbers
/// memory bytes, runs      8 + 8
/// first page, pages       8 + 8 for each run, in rising order
/// (to the next page)      zeros
/// the pages               in the same order; one that is all zero is a hole
/// </code>
/// </summary>
internal static class ChangesFile
{
    private const long Magic = 0x534547_4e414843; // "CHANGES"
    private const long Version = 1;
    private const int HeaderBytes = 4 * sizeof(long), RunBytes = 2 * sizeof(long);
    private const int BufferBytes = 1 << 20;

    /// <summary>Writes these pages of the memory.</summary>
    /// <returns>The file's length and digest.</returns>
    internal static FilePart Write(
        IGuestMemory memory, PageSet pages, SafeFileHandle file, CancellationToken cancellationToken)
    {
        var runs = pages.Runs().ToList();
        var hash = new XxHash128();
        var head = Head(memory.Bytes, runs);
        RandomAccess.Write(file, head, 0);
        hash.Append(head);
        long at = head.Length;
        var buffer = new byte[BufferBytes];
        foreach (var piece in Pieces(runs))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var part = buffer.AsSpan(0, (int)(piece.Count * PageSet.PageBytes));
            memory.Read(piece.First * PageSet.PageBytes, part);
            if (part.ContainsAnyExcept((byte)0))
                RandomAccess.Write(file, part, at);
            hash.Append(part);
            at += part.Length;
        }
        RandomAccess.SetLength(file, at);
        return new FilePart(at, Convert.ToHexStringLower(hash.GetCurrentHash()));
    }

    /// <summary>Puts the pages of a file into the memory.</summary>
    /// <exception cref="InvalidDataException">
    /// It is not what was written. Some of the memory may be changed by then: it is not to be run.
    /// </exception>
    internal static void Apply(
        SafeFileHandle file, FilePart expected, IGuestMemory memory, CancellationToken cancellationToken)
    {
        Require(RandomAccess.GetLength(file) == expected.Bytes, "its length is another");
        var hash = new XxHash128();
        var runs = ReadHead(file, memory.Bytes, hash, out var at);
        Require(at + runs.Sum(run => run.Count) * PageSet.PageBytes == expected.Bytes, "its runs do not fit its length");
        var buffer = new byte[BufferBytes];
        foreach (var piece in Pieces(runs))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var part = buffer.AsSpan(0, (int)(piece.Count * PageSet.PageBytes));
            ReadAll(file, part, at);
            hash.Append(part);
            memory.Write(piece.First * PageSet.PageBytes, part);
            at += part.Length;
        }
        Require(Convert.ToHexStringLower(hash.GetCurrentHash()) == expected.Digest, "its content is another");
    }

    private static byte[] Head(long memoryBytes, List<PageRun> runs)
    {
        var head = new byte[HeadBytes(runs.Count)];
        ReadOnlySpan<long> numbers = [Magic, Version, memoryBytes, runs.Count, .. runs.SelectMany(run => (long[])[run.First, run.Count])];
        for (var i = 0; i < numbers.Length; i++)
            BinaryPrimitives.WriteInt64LittleEndian(head.AsSpan(i * sizeof(long)), numbers[i]);
        return head;
    }

    private static List<PageRun> ReadHead(SafeFileHandle file, long memoryBytes, XxHash128 hash, out long length)
    {
        var start = new byte[HeaderBytes];
        ReadAll(file, start, 0);
        Require(Number(start, 0) == Magic && Number(start, 1) == Version, "it does not begin as such a file");
        Require(Number(start, 2) == memoryBytes, "it belongs to a memory of another size");
        var (count, pages) = (Number(start, 3), memoryBytes / PageSet.PageBytes);
        Require(count >= 0 && count <= pages, "it has more runs than there are pages");

        var head = new byte[HeadBytes((int)count)];
        ReadAll(file, head, 0);
        hash.Append(head);
        var runs = new List<PageRun>((int)count);
        for (var i = 0; i < count; i++)
        {
            var run = new PageRun(Number(head.AsSpan(HeaderBytes + i * RunBytes), 0), Number(head.AsSpan(HeaderBytes + i * RunBytes), 1));
            var least = runs.Count > 0 ? runs[^1].End : 0;
            Require(run.First >= least && run.Count > 0 && run.Count <= pages - run.First, "a run lies outside the memory");
            runs.Add(run);
        }
        length = head.Length;
        return runs;
    }

    private static int HeadBytes(int runs) =>
        (HeaderBytes + runs * RunBytes + PageSet.PageBytes - 1) / PageSet.PageBytes * PageSet.PageBytes;

    private static IEnumerable<PageRun> Pieces(IEnumerable<PageRun> runs)
    {
        const long most = BufferBytes / PageSet.PageBytes;
        foreach (var run in runs)
        {
            for (var first = run.First; first < run.End; first += most)
                yield return new PageRun(first, Math.Min(most, run.End - first));
        }
    }

    private static long Number(ReadOnlySpan<byte> bytes, int index) =>
        BinaryPrimitives.ReadInt64LittleEndian(bytes[(index * sizeof(long))..]);

    private static void ReadAll(SafeFileHandle file, Span<byte> into, long at)
    {
        for (var done = 0; done < into.Length;)
        {
            var count = RandomAccess.Read(file, into[done..], at + done);
            Require(count > 0, "it is cut off");
            done += count;
        }
    }

    private static void Require(bool holds, string problem)
    {
        if (!holds)
            throw new InvalidDataException($"The file of changed pages is damaged: {problem}.");
    }
}
