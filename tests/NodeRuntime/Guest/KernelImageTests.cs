using System.Buffers.Binary;
using System.IO.Compression;
using Hypeman.NodeRuntime.Guest;
using Hypeman.Tests.Testing.Guest;
using K4os.Compression.LZ4;
using ZstdSharp;

namespace Hypeman.Tests.NodeRuntime.Guest;

public sealed class KernelImageTests
{
    private const int Entry = 18;

    public static TheoryData<string> Packings => ["lz4", "zstd", "gzip"];

    [Theory, MemberData(nameof(Packings))]
    public void A_kernel_comes_out_as_it_was_packed(string packing)
    {
        var kernel = Kernel(Entry, size: 20 << 20);
        Assert.Equal(kernel, KernelImage.Unpack(Image(Pack(packing, kernel))));
    }

    [Fact]
    public void The_kernel_of_the_tests_can_be_unpacked()
    {
        var kernel = KernelImage.Unpack(File.ReadAllBytes(KernelTree.Open(GuestAssets.KernelDirectory).Image));
        Assert.True(kernel?.Length > 16 << 20);
    }

    [Fact]
    public void What_cannot_be_started_unpacked_stays_as_it_is()
    {
        Assert.Null(KernelImage.Unpack("kernel"u8));
        Assert.Null(KernelImage.Unpack(new byte[0x1000]));
        Assert.Null(KernelImage.Unpack(Image([0xfd, (byte)'7', (byte)'z', (byte)'X', (byte)'Z', 0, 0, 0, 0, 1, 0, 0])));
        Assert.Null(KernelImage.Unpack(Image([0xfd, (byte)'7', (byte)'z', (byte)'X', (byte)'Z', 0, 0, 0, 0xff, 0xff, 0xff, 0xff])));
        Assert.Null(KernelImage.Unpack(Image([])));
        Assert.Null(KernelImage.Unpack(Image(Pack("gzip", new byte[0x1000]))));
        Assert.Null(KernelImage.Unpack(Image(Pack("gzip", Kernel(note: 6)))));
    }

    [Theory, MemberData(nameof(Packings))]
    public void A_damaged_image_is_refused(string packing)
    {
        var packed = Pack(packing, Kernel(Entry));
        Refused(Image(packed)[..^(packed.Length / 2)]);
        Refused(Image([.. packed[..(packed.Length / 2)], .. packed[^4..]]));
        Refused(Image([.. packed[..^4], 0xff, 0xff, 0xff, 0xff]));
        var wrong = packed.ToArray();
        wrong.AsSpan(packed.Length / 2, 64).Fill(0xff);
        var found = Record.Exception(() => KernelImage.Unpack(Image(wrong)));
        Assert.True(found is null or InvalidDataException, $"{found}");

        static void Refused(byte[] image) => Assert.Throws<InvalidDataException>(() => KernelImage.Unpack(image));
    }

    [Fact]
    public void Whatever_is_changed_ends_in_an_answer()
    {
        var random = new Random(5);
        var packed = Image(Pack("lz4", Kernel(Entry)));
        for (var round = 0; round < 2_000; round++)
        {
            var changed = packed.ToArray();
            for (var i = 0; i < 4; i++)
                changed[random.Next(round % 2 == 0 ? 0x400 : changed.Length)] = (byte)random.Next(256);
            var found = Record.Exception(() => KernelImage.Unpack(changed));
            Assert.True(found is null or InvalidDataException, $"{found}");
        }
    }

    /// <summary>As Linux packs it: sectors of setup code with the header, then what is packed.</summary>
    private static byte[] Image(byte[] packed)
    {
        const int sectors = 1;
        var image = new byte[(sectors + 1) * 512 + packed.Length];
        image[0x1f1] = sectors;
        "HdrS"u8.CopyTo(image.AsSpan(0x202));
        BinaryPrimitives.WriteInt32LittleEndian(image.AsSpan(0x24c), packed.Length);
        packed.CopyTo(image, (sectors + 1) * 512);
        return image;
    }

    private static byte[] Pack(string packing, byte[] kernel)
    {
        var size = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(size, kernel.Length);
        switch (packing)
        {
            case "lz4":
                var blocks = kernel.Chunk(8 << 20).SelectMany(Block);
                return [0x02, 0x21, 0x4c, 0x18, .. blocks, .. size];
            case "zstd":
                return [.. new Compressor().Wrap(kernel), .. size];
            default:
                var output = new MemoryStream();
                using (var gzip = new GZipStream(output, CompressionLevel.Fastest))
                    gzip.Write(kernel);
                return output.ToArray();
        }
    }

    private static byte[] Block(byte[] content)
    {
        var block = new byte[4 + LZ4Codec.MaximumOutputSize(content.Length)];
        var length = LZ4Codec.Encode(content, block.AsSpan(4));
        BinaryPrimitives.WriteInt32LittleEndian(block, length);
        return block[..(4 + length)];
    }

    /// <summary>An ELF file with one segment of notes, two of them, and content that does not pack well.</summary>
    private static byte[] Kernel(int note, int size = 64 << 10)
    {
        const int table = 0x40, notes = 0x100;
        var kernel = new byte[size];
        new Random(3).NextBytes(kernel);
        "\u007fELF\u0002\u0001"u8.CopyTo(kernel);
        BinaryPrimitives.WriteInt64LittleEndian(kernel.AsSpan(0x20), table);
        BinaryPrimitives.WriteInt16LittleEndian(kernel.AsSpan(0x36), 0x38);
        BinaryPrimitives.WriteInt16LittleEndian(kernel.AsSpan(0x38), 1);
        BinaryPrimitives.WriteInt32LittleEndian(kernel.AsSpan(table), 4);
        BinaryPrimitives.WriteInt64LittleEndian(kernel.AsSpan(table + 0x8), notes);
        byte[] content = [.. Note("Linux\0"u8, 0), .. Note("Xen\0"u8, note)];
        BinaryPrimitives.WriteInt64LittleEndian(kernel.AsSpan(table + 0x20), content.Length);
        content.CopyTo(kernel, notes);
        return kernel;
    }

    private static byte[] Note(ReadOnlySpan<byte> name, int type)
    {
        var note = new byte[12 + ((name.Length + 3) & ~3) + 8];
        BinaryPrimitives.WriteInt32LittleEndian(note, name.Length);
        BinaryPrimitives.WriteInt32LittleEndian(note.AsSpan(4), 8);
        BinaryPrimitives.WriteInt32LittleEndian(note.AsSpan(8), type);
        name.CopyTo(note.AsSpan(12));
        return note;
    }
}
