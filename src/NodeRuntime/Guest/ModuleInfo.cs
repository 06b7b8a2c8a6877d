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
            if (!ElfTable.IsElf(elf))
                throw new InvalidDataException("A kernel module is no 64-bit ELF file.");
            var sections = ElfTable.Sections(elf);
            var names = sections.Content(BinaryPrimitives.ReadUInt16LittleEndian(elf[0x3e..]));
            for (var i = 0; i < sections.Count; i++)
            {
                var text = names[BinaryPrimitives.ReadInt32LittleEndian(sections.Header(i))..];
                if (text[..text.IndexOf((byte)0)].SequenceEqual(name))
                    return sections.Content(i);
            }
        }
        catch (Exception e) when (e is ArgumentOutOfRangeException or OverflowException)
        {
            throw new InvalidDataException("A kernel module is cut short.", e);
        }
        throw new InvalidDataException("A kernel module has no .modinfo section.");
    }
}
