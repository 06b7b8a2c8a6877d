using System.Buffers.Binary;
using System.IO.Compression;
using K4os.Compression.LZ4;
using ZstdSharp;

namespace Hypeman.NodeRuntime.Guest;

/// <summary>
/// Takes the kernel proper out of the compressed image of a distribution, so that it is unpacked once per host and not in
/// each boot. A hypervisor starts it at its PVH entry. The page cache has it once for all VMs.
/// <para>
/// What goes with the unpacking code is the random place that it gives the kernel in memory. It would hinder who is in a
/// guest already at becoming its root; copies of one guest share that place anyway, and what others rely on is the VM.
/// </para>
/// </summary>
/// <remarks>Linux: Documentation/arch/x86/boot.rst (the header), include/xen/interface/elfnote.h (the entry).</remarks>
internal static class KernelImage
{
    private const int ProgramNotes = 4;
    private const int PhysicalEntry = 18;

    /// <summary>Far more than any kernel: what claims to be larger is damaged.</summary>
    private const uint MaxBytes = 512 << 20;

    /// <summary>An ELF file; null when the image is packed in another way or cannot be started without its unpacking code.</summary>
    /// <exception cref="InvalidDataException">The image is damaged.</exception>
    public static byte[]? Unpack(ReadOnlySpan<byte> image)
    {
        try
        {
            if (image.Length < 0x250 || !image[0x202..].StartsWith("HdrS"u8))
                return null;
            var start = (image[0x1f1] + 1) * 512 + ReadInt32(image, 0x248);
            var kernel = Inflate(image.Slice(start, ReadInt32(image, 0x24c)));
            return kernel is not null && HasPhysicalEntry(kernel) ? kernel : null;
        }
        catch (Exception e) when (e is ArgumentException or OverflowException or ZstdException)
        {
            throw new InvalidDataException("The kernel's image is damaged.", e);
        }
    }

    private static byte[]? Inflate(ReadOnlySpan<byte> packed)
    {
        if (packed.StartsWith((ReadOnlySpan<byte>)[0x02, 0x21, 0x4c, 0x18]))
        {
            var kernel = Allocate(packed);
            InflateBlocks(packed[4..^4], kernel);
            return kernel;
        }
        if (packed.StartsWith((ReadOnlySpan<byte>)[0x28, 0xb5, 0x2f, 0xfd]))
            return Fill(new DecompressionStream(new MemoryStream(packed[..^4].ToArray())), Allocate(packed));
        if (packed.StartsWith((ReadOnlySpan<byte>)[0x1f, 0x8b]))
            return Fill(new GZipStream(new MemoryStream(packed.ToArray()), CompressionMode.Decompress), Allocate(packed));
        return null;
    }

    /// <summary>After what is packed stands how much it is unpacked.</summary>
    private static byte[] Allocate(ReadOnlySpan<byte> packed)
    {
        var size = BinaryPrimitives.ReadUInt32LittleEndian(packed[^4..]);
        return size <= MaxBytes
            ? new byte[size]
            : throw new InvalidDataException($"The kernel's image is damaged: unpacked it would have {size} bytes.");
    }

    /// <summary>LZ4's first format: blocks of up to 8 MiB, each behind its packed length.</summary>
    private static void InflateBlocks(ReadOnlySpan<byte> packed, Span<byte> kernel)
    {
        while (!kernel.IsEmpty)
        {
            var length = ReadInt32(packed, 0);
            var unpacked = LZ4Codec.Decode(packed.Slice(4, length), kernel[..Math.Min(kernel.Length, 8 << 20)]);
            if (unpacked <= 0)
                throw new InvalidDataException("The kernel's image is damaged: a block cannot be unpacked.");
            packed = packed[(4 + length)..];
            kernel = kernel[unpacked..];
        }
    }

    private static byte[] Fill(Stream unpacking, byte[] kernel)
    {
        using var stream = unpacking;
        try
        {
            stream.ReadExactly(kernel);
            return kernel;
        }
        catch (EndOfStreamException e)
        {
            throw new InvalidDataException("The kernel's image is damaged: it ends early.", e);
        }
    }

    private static bool HasPhysicalEntry(ReadOnlySpan<byte> elf)
    {
        if (!ElfTable.IsElf(elf))
            return false;
        var segments = ElfTable.Segments(elf);
        for (var i = 0; i < segments.Count; i++)
        {
            if (ReadInt32(segments.Header(i), 0) == ProgramNotes && HasPhysicalEntryNote(segments.Content(i)))
                return true;
        }
        return false;
    }

    private static bool HasPhysicalEntryNote(ReadOnlySpan<byte> notes)
    {
        while (!notes.IsEmpty)
        {
            var (name, content) = (ReadInt32(notes, 0), ReadInt32(notes, 4));
            if (ReadInt32(notes, 8) == PhysicalEntry && notes.Slice(12, name).SequenceEqual("Xen\0"u8))
                return true;
            notes = notes[Math.Min(notes.Length, 12 + Padded(name) + Padded(content))..];
        }
        return false;

        static int Padded(int length) => checked(length + 3) & ~3;
    }

    private static int ReadInt32(ReadOnlySpan<byte> from, int at) => checked((int)BinaryPrimitives.ReadUInt32LittleEndian(from[at..]));
}
