using System.Buffers.Binary;
using System.IO.Hashing;
using Microsoft.Win32.SafeHandles;

namespace Hypeman.NodeRuntime.Memory;

/// <summary>
/// A guest's memory as a file of the same size, with holes for all that is zero, so that it can be mapped as it is. It
/// is worked on in chunks, on several processors, and each chunk has a digest of its own: what reads the file later, or
/// sends it away, need not have all of it to check a part.
/// </summary>
internal static class BaseFile
{
    internal const int ChunkBytes = 4 << 20;

    private const long ChunkPages = ChunkBytes / PageSet.PageBytes;

    /// <summary>Writes these pages of the memory; all others are taken for zero.</summary>
    /// <returns>Bytes that are not zero, and the digest of every chunk.</returns>
    internal static (long DataBytes, IReadOnlyList<string> Digests) Write(
        IGuestMemory memory, PageSet pages, SafeFileHandle file, CancellationToken cancellationToken)
    {
        RandomAccess.SetLength(file, memory.Bytes);
        var dataBytes = 0L;
        var digests = ForEachChunk(memory.Bytes, (chunk, buffer) =>
        {
            var first = chunk * ChunkPages;
            buffer.AsSpan().Clear();
            foreach (var run in pages.Runs(first, Math.Min(pages.Pages, first + ChunkPages)))
                memory.Read(run.First * PageSet.PageBytes, Part(buffer, run, first));
            var data = DataRuns(buffer, first);
            foreach (var run in data)
                RandomAccess.Write(file, Part(buffer, run, first), run.First * PageSet.PageBytes);
            Interlocked.Add(ref dataBytes, data.Sum(run => run.Count) * PageSet.PageBytes);
            return Digest(buffer, data, first);
        }, cancellationToken);
        return (dataBytes, digests);
    }

    /// <summary>Those of the pages that are not in the file as they are in the memory.</summary>
    internal static PageSet Differing(
        IGuestMemory memory, PageSet pages, SafeFileHandle file, CancellationToken cancellationToken)
    {
        var differing = new PageSet(pages.Pages);
        ForEachChunk(memory.Bytes, (chunk, buffer) =>
        {
            var first = chunk * ChunkPages;
            var before = new byte[PageSet.PageBytes];
            foreach (var run in pages.Runs(first, Math.Min(pages.Pages, first + ChunkPages)))
            {
                memory.Read(run.First * PageSet.PageBytes, Part(buffer, run, first));
                for (var page = run.First; page < run.End; page++)
                    if (!IsIn(file, page, Part(buffer, new PageRun(page, 1), first), before))
                        differing.Add(new PageRun(page, 1)); // Of this chunk's own words: no other worker writes them.
            }
            return "";
        }, cancellationToken);
        return differing;
    }

    /// <summary>The digests of a file as it is now.</summary>
    internal static IReadOnlyList<string> ReadDigests(SafeFileHandle file, CancellationToken cancellationToken) =>
        ForEachChunk(RandomAccess.GetLength(file), (chunk, buffer) =>
        {
            buffer.AsSpan().Clear();
            for (int read, at = 0; (read = RandomAccess.Read(file, buffer.AsSpan(at), chunk * ChunkBytes + at)) > 0; at += read)
            {
            }
            var first = chunk * ChunkPages;
            return Digest(buffer, DataRuns(buffer, first), first);
        }, cancellationToken);

    private static bool IsIn(SafeFileHandle file, long page, ReadOnlySpan<byte> now, byte[] before) =>
        RandomAccess.Read(file, before, page * PageSet.PageBytes) == before.Length && now.SequenceEqual(before);

    private static string[] ForEachChunk(long bytes, Func<long, byte[], string> work, CancellationToken cancellationToken)
    {
        var digests = new string[(bytes + ChunkBytes - 1) / ChunkBytes];
        Chunks.ForEach(
            digests.Length, () => new byte[ChunkBytes], (chunk, buffer) => digests[chunk] = work(chunk, buffer), cancellationToken);
        return digests;
    }

    /// <summary>The pages of a chunk that are not all zero.</summary>
    private static List<PageRun> DataRuns(byte[] buffer, long first)
    {
        var runs = new List<PageRun>();
        for (var page = 0; page < ChunkPages; page++)
        {
            if (!buffer.AsSpan(page * PageSet.PageBytes, PageSet.PageBytes).ContainsAnyExcept((byte)0))
                continue;
            if (runs.Count > 0 && runs[^1].End == first + page)
                runs[^1] = runs[^1] with { Count = runs[^1].Count + 1 };
            else
                runs.Add(new PageRun(first + page, 1));
        }
        return runs;
    }

    /// <summary>Of what is not zero and where it is. Empty when all is zero.</summary>
    private static string Digest(byte[] buffer, List<PageRun> data, long first)
    {
        if (data.Count == 0)
            return "";
        var hash = new XxHash128();
        foreach (var run in data)
            Append(hash, run.First, Part(buffer, run, first));
        return Text(hash);
    }

    /// <summary>Adds pages that follow each other to the digest of their chunk: all that are not zero, in as long runs as can be.</summary>
    internal static void Append(XxHash128 hash, long firstPage, ReadOnlySpan<byte> pages)
    {
        Span<byte> place = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(place, firstPage);
        hash.Append(place);
        hash.Append(pages);
    }

    internal static string Text(XxHash128 hash) => Convert.ToHexStringLower(hash.GetCurrentHash());

    private static Span<byte> Part(byte[] buffer, PageRun run, long first) =>
        buffer.AsSpan((int)((run.First - first) * PageSet.PageBytes), (int)(run.Count * PageSet.PageBytes));
}
