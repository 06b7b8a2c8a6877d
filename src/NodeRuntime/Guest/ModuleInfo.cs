using System.Buffers.Binary;
using System.Text;

namespace Hypeman.NodeRuntime.Guest;

/// <summary>Reads what a kernel module says of itself: the <c>.modinfo</c> section of a 64-bit little-endian ELF file.</summary>
internal static class ModuleInfo
{
    /// <summary>Names of the modules that must be loaded before this one.</summary>
    /// <exception cref="InvalidDataException">The bytes are no kernel module.</exception>
    public static IReadOnlyList<string> Dependencies(ReadOnlySpan<byte> module)
    {
        const string key = "depends=";
        var section = Section(module, ".modinfo"u8);
        foreach (var field in Encoding.ASCII.GetString(section).Split('\0'))
        {
            if (field.StartsWith(key, StringComparison.Ordinal))
                return field[key.Length..].Split(',', StringSplitOptions.RemoveEmptyEntries);
        }
        return [];
    }

    private static ReadOnlySpan<byte> Section(ReadOnlySpan<byte> elf, ReadOnlySpan<byte> name)
    {
        try
        {
            if (!elf.StartsWith("\u007fELF\u0002\u0001"u8))
                throw new InvalidDataException("A kernel module is no 64-bit ELF file.");
            var table = checked((int)BinaryPrimitives.ReadInt64LittleEndian(elf[0x28..]));
            var size = BinaryPrimitives.ReadUInt16LittleEndian(elf[0x3a..]);
            var count = BinaryPrimitives.ReadUInt16LittleEndian(elf[0x3c..]);
            var names = Content(elf, elf[(table + size * BinaryPrimitives.ReadUInt16LittleEndian(elf[0x3e..]))..]);
            for (var i = 0; i < count; i++)
            {
                var header = elf[(table + size * i)..];
                var text = names[BinaryPrimitives.ReadInt32LittleEndian(header)..];
                if (text[..text.IndexOf((byte)0)].SequenceEqual(name))
                    return Content(elf, header);
            }
        }
        catch (Exception e) when (e is ArgumentOutOfRangeException or OverflowException)
        {
            throw new InvalidDataException("A kernel module is cut short.", e);
        }
        throw new InvalidDataException("A kernel module has no .modinfo section.");
    }

    private static ReadOnlySpan<byte> Content(ReadOnlySpan<byte> elf, ReadOnlySpan<byte> header) => elf.Slice(
        checked((int)BinaryPrimitives.ReadInt64LittleEndian(header[0x18..])),
        checked((int)BinaryPrimitives.ReadInt64LittleEndian(header[0x20..])));
}
