using System.Buffers.Binary;
using System.Collections;
using System.IO.Hashing;
using Microsoft.Win32.SafeHandles;

namespace Hypeman.NodeRuntime.Memory.Compression;

/// <summary>
/// A base, compressed: chunk by chunk, each for itself, so that many processors can work on it in both directions.
/// <code>
/// magic, version             8 + 8 bytes, little endian as all numbers
/// algorithm, memory bytes    8 + 8
/// offset, length             8 + 8 for each chunk; zero when all of it is zero
/// the chunks                 in any order: which of its pages are not zero, a bit each; then these pages, compressed
/// </code>
/// The head is written last.
/// </summary>
internal static class CompressedPages
{
    private const long Magic = 0x53454741_50594C46; // "FLYPAGES"
    private const long Version = 1;
    private const int HeadBytes = 4 * sizeof(long), EntryBytes = 2 * sizeof(long);
    private const int PagesOfChunk = BaseFile.ChunkBytes / PageSet.PageBytes;
    private const int MapBytes = PagesOfChunk / 8;

    /// <summary>Compresses a file of pages.</summary>
    /// <param name="digests">Of its chunks.</param>
    /// <exception cref="InvalidDataException">It is not what they say.</exception>
    internal static void Write(
        SafeFileHandle pages, IReadOnlyList<string> digests, SafeFileHandle into, CompressionSpec spec, CancellationToken cancellationToken)
    {
        var bytes = RandomAccess.GetLength(pages);
        var entries = new (long Offset, long Length)[(bytes + BaseFile.ChunkBytes - 1) / BaseFile.ChunkBytes];
        Require(entries.Length == digests.Count);
        long end = HeadBytes + entries.Length * EntryBytes;
        Chunks.ForEach(entries.Length, () => new Worker(spec.Algorithm, spec.Level), (chunk, worker) =>
        {
            var content = worker.Raw.AsSpan(0, (int)Math.Min(BaseFile.ChunkBytes, bytes - chunk * BaseFile.ChunkBytes));
            Chunks.Read(pages, content, chunk * BaseFile.ChunkBytes);
            var packed = worker.Pack(content, chunk);
            Require(worker.Digest == digests[(int)chunk]);
            if (packed.IsEmpty)
                return;
            var offset = Interlocked.Add(ref end, packed.Length) - packed.Length;
            RandomAccess.Write(into, packed.Span, offset);
            entries[chunk] = (offset, packed.Length);
        }, cancellationToken);
        RandomAccess.Write(into, Head(spec.Algorithm, bytes, entries), 0);
    }

    /// <summary>Writes the pages into a file that is one hole of the right size; where all is zero it stays one.</summary>
    /// <exception cref="InvalidDataException">It is not what was written.</exception>
    internal static void Expand(
        SafeFileHandle from, IReadOnlyList<string> digests, SafeFileHandle pages, CancellationToken cancellationToken)
    {
        var (algorithm, bytes, entries) = ReadHead(from);
        Require(entries.Length == digests.Count && RandomAccess.GetLength(pages) == bytes);
        Chunks.ForEach(entries.Length, () => new Worker(algorithm, level: 1), (chunk, worker) =>
        {
            var (offset, length) = entries[chunk];
            if (length > 0)
                worker.Unpack(Chunks.Read(from, worker.Packed.AsSpan(0, (int)length), offset), pages, chunk, bytes);
            Require((length > 0 ? worker.Digest : "") == digests[(int)chunk]);
        }, cancellationToken);
    }

    private static byte[] Head(CompressionAlgorithm algorithm, long bytes, (long Offset, long Length)[] entries)
    {
        var head = new byte[HeadBytes + entries.Length * EntryBytes];
        ReadOnlySpan<long> numbers = [Magic, Version, (long)algorithm, bytes, .. entries.SelectMany(entry => (long[])[entry.Offset, entry.Length])];
        for (var i = 0; i < numbers.Length; i++)
            BinaryPrimitives.WriteInt64LittleEndian(head.AsSpan(i * sizeof(long)), numbers[i]);
        return head;
    }

    private static (CompressionAlgorithm Algorithm, long Bytes, (long Offset, long Length)[] Entries) ReadHead(SafeFileHandle from)
    {
        var start = Chunks.Read(from, new byte[HeadBytes], 0);
        var bytes = Number(start, 3);
        Require(Number(start, 0) == Magic && Number(start, 1) == Version && Enum.IsDefined((CompressionAlgorithm)Number(start, 2)));
        Require(bytes > 0 && bytes % PageSet.PageBytes == 0);
        var entries = new (long Offset, long Length)[(bytes + BaseFile.ChunkBytes - 1) / BaseFile.ChunkBytes];
        var index = Chunks.Read(from, new byte[entries.Length * EntryBytes], HeadBytes);
        for (var chunk = 0; chunk < entries.Length; chunk++)
        {
            entries[chunk] = (Number(index, 2 * chunk), Number(index, 2 * chunk + 1));
            Require(entries[chunk].Length is 0 or (> MapBytes and <= BaseFile.ChunkBytes * 2) && entries[chunk].Offset >= 0);
        }
        return ((CompressionAlgorithm)Number(start, 2), bytes, entries);
    }

    private static long Number(ReadOnlySpan<byte> bytes, int index) => BinaryPrimitives.ReadInt64LittleEndian(bytes[(index * sizeof(long))..]);

    private static void Require(bool holds)
    {
        if (!holds)
            throw new InvalidDataException("The compressed memory is damaged.");
    }

    /// <summary>The buffers of one processor.</summary>
    private sealed class Worker(CompressionAlgorithm algorithm, int level) : IDisposable
    {
        private readonly PageCodec _codec = PageCodec.For(algorithm, level);
        private readonly byte[] _dense = new byte[BaseFile.ChunkBytes];

        internal byte[] Raw { get; } = new byte[BaseFile.ChunkBytes];
        internal byte[] Packed { get; } = new byte[BaseFile.ChunkBytes * 2];

        /// <summary>Of the chunk that was packed or unpacked last.</summary>
        internal string Digest { get; private set; } = "";

        /// <returns>Empty when all is zero.</returns>
        internal ReadOnlyMemory<byte> Pack(ReadOnlySpan<byte> content, long chunk)
        {
            var map = new BitArray(PagesOfChunk);
            var dense = 0;
            for (var page = 0; page * PageSet.PageBytes < content.Length; page++)
            {
                var bytes = content.Slice(page * PageSet.PageBytes, PageSet.PageBytes);
                if (!bytes.ContainsAnyExcept((byte)0))
                    continue;
                map[page] = true;
                bytes.CopyTo(_dense.AsSpan(dense));
                dense += PageSet.PageBytes;
            }
            _ = Describe(map, chunk);
            if (dense == 0)
                return default;
            map.CopyTo(Packed, 0);
            return Packed.AsMemory(0, MapBytes + _codec.Compress(_dense.AsSpan(0, dense), Packed.AsSpan(MapBytes)));
        }

        internal void Unpack(ReadOnlySpan<byte> packed, SafeFileHandle pages, long chunk, long bytes)
        {
            var map = new BitArray(packed[..MapBytes].ToArray());
            var dense = map.Cast<bool>().Count(isSet => isSet) * PageSet.PageBytes;
            _codec.Decompress(packed[MapBytes..], _dense.AsSpan(0, dense));
            foreach (var (run, at) in Describe(map, chunk))
            {
                Require(run.End * PageSet.PageBytes <= bytes);
                RandomAccess.Write(pages, _dense.AsSpan(at, (int)run.Count * PageSet.PageBytes), run.First * PageSet.PageBytes);
            }
        }

        /// <summary>The runs of pages that are set, with their places in the buffer; notes their digest.</summary>
        private List<(PageRun Run, int At)> Describe(BitArray map, long chunk)
        {
            var (runs, hash, at) = (new List<(PageRun Run, int At)>(), new XxHash128(), 0);
            for (int first = 0, end; first < PagesOfChunk; first = end + 1)
            {
                for (end = first; end < PagesOfChunk && map[end]; end++)
                {
                }
                if (end == first)
                    continue;
                var run = new PageRun(chunk * PagesOfChunk + first, end - first);
                BaseFile.Append(hash, run.First, _dense.AsSpan(at, (end - first) * PageSet.PageBytes));
                runs.Add((run, at));
                at += (end - first) * PageSet.PageBytes;
            }
            Digest = runs.Count == 0 ? "" : BaseFile.Text(hash);
            return runs;
        }

        public void Dispose() => _codec.Dispose();
    }
}
