using Hypeman.NodeRuntime.Memory;
using Hypeman.NodeRuntime.Memory.Compression;
using Hypeman.Tests.Testing;
using Microsoft.Win32.SafeHandles;

namespace Hypeman.Tests.NodeRuntime.Memory;

/// <summary>A base is packed chunk by chunk, and what is unpacked is what it was.</summary>
public sealed class CompressedPagesTests : IDisposable
{
    // Two whole chunks and a part of a third.
    private const int Pages = 2 * BaseFile.ChunkBytes / PageSet.PageBytes + 7;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    public static TheoryData<CompressionAlgorithm, int> Levels => new()
    {
        { CompressionAlgorithm.Zstd, 1 }, { CompressionAlgorithm.Zstd, 3 }, { CompressionAlgorithm.Zstd, 19 },
        { CompressionAlgorithm.Lz4, 0 }, { CompressionAlgorithm.Lz4, 1 }, { CompressionAlgorithm.Lz4, 9 },
    };

    [Theory, MemberData(nameof(Levels))]
    public void What_is_unpacked_is_what_was_packed_and_zeros_are_holes(CompressionAlgorithm algorithm, int level)
    {
        var content = Some();
        var digests = WriteBase(content);

        Pack(digests, new CompressionSpec(algorithm, level));
        Unpack(digests);

        Assert.Equal(content, File.ReadAllBytes(_folder.PathOf("unpacked")));
        Assert.True(new FileInfo(_folder.PathOf("packed")).Length < content.Length / 3);
        Assert.Equal(UsedBytes("pages"), UsedBytes("unpacked"));
    }

    [Fact]
    public void A_memory_of_zeros_is_packed_as_nothing()
    {
        var digests = WriteBase(new byte[Pages * PageSet.PageBytes]);

        Pack(digests, new CompressionSpec(CompressionAlgorithm.Zstd, 1));
        Unpack(digests);

        Assert.Equal(0, UsedBytes("unpacked"));
        Assert.True(new FileInfo(_folder.PathOf("packed")).Length < 200);
    }

    [Fact]
    public void Pages_that_are_not_what_they_were_are_not_packed()
    {
        var digests = WriteBase(Some());
        using (var pages = Open("pages", FileAccess.ReadWrite))
            RandomAccess.Write(pages, [42], PageSet.PageBytes * 9);

        Assert.Throws<InvalidDataException>(() => Pack(digests, new CompressionSpec(CompressionAlgorithm.Lz4, 0)));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(16)]
    [InlineData(24)]
    [InlineData(40)]
    [InlineData(300)]
    [InlineData(2000)]
    public void A_byte_that_has_changed_anywhere_is_found(int at)
    {
        var digests = WriteBase(Some());
        Pack(digests, new CompressionSpec(CompressionAlgorithm.Zstd, 1));
        using (var packed = Open("packed", FileAccess.ReadWrite))
        {
            var was = new byte[1];
            RandomAccess.Read(packed, was, at);
            RandomAccess.Write(packed, [(byte)(was[0] ^ 0x55)], at);
        }

        Assert.ThrowsAny<InvalidDataException>(() => Unpack(digests));
    }

    [Fact]
    public void A_file_that_is_cut_off_is_found()
    {
        var digests = WriteBase(Some());
        Pack(digests, new CompressionSpec(CompressionAlgorithm.Lz4, 0));
        using (var packed = Open("packed", FileAccess.ReadWrite))
            RandomAccess.SetLength(packed, RandomAccess.GetLength(packed) / 2);

        Assert.Throws<InvalidDataException>(() => Unpack(digests));
    }

    [Fact]
    public void It_can_be_given_up()
    {
        var digests = WriteBase(Some());

        Assert.ThrowsAny<OperationCanceledException>(
            () => Pack(digests, new CompressionSpec(CompressionAlgorithm.Zstd, 1), new CancellationToken(canceled: true)));
    }

    /// <summary>Text that repeats itself, random numbers, and much that is zero.</summary>
    private static byte[] Some()
    {
        var content = new byte[Pages * PageSet.PageBytes];
        for (var page = 0; page < Pages; page += 3)
            "the quick brown fox "u8.CopyTo(content.AsSpan(page * PageSet.PageBytes + page % 1000));
        new Random(1).NextBytes(content.AsSpan(5 * PageSet.PageBytes, 2 * PageSet.PageBytes));
        new Random(2).NextBytes(content.AsSpan((Pages - 1) * PageSet.PageBytes));
        return content;
    }

    private IReadOnlyList<string> WriteBase(byte[] content)
    {
        var all = new PageSet(Pages);
        all.Add(new PageRun(0, Pages));
        using var file = Open("pages", FileAccess.ReadWrite, FileMode.Create);
        return BaseFile.Write(new ArrayMemory(content), all, file, CancellationToken.None).Digests;
    }

    private void Pack(IReadOnlyList<string> digests, CompressionSpec spec, CancellationToken cancellationToken = default)
    {
        using var pages = Open("pages", FileAccess.Read);
        using var packed = Open("packed", FileAccess.ReadWrite, FileMode.Create);
        CompressedPages.Write(pages, digests, packed, spec, cancellationToken);
    }

    private void Unpack(IReadOnlyList<string> digests)
    {
        using var packed = Open("packed", FileAccess.Read);
        using var pages = Open("unpacked", FileAccess.ReadWrite, FileMode.Create);
        RandomAccess.SetLength(pages, (long)Pages * PageSet.PageBytes);
        CompressedPages.Expand(packed, digests, pages, CancellationToken.None);
    }

    private SafeFileHandle Open(string name, FileAccess access, FileMode mode = FileMode.Open) => File.OpenHandle(_folder.PathOf(name), mode, access);

    private long UsedBytes(string name) => Hypeman.NodeRuntime.Disks.OverlayDisks.UsedBytes(_folder.PathOf(name));
}
